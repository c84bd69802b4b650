import type { SignalTerms } from "../levers/signal.ts";
import type { Nano } from "../money/usd.ts";
import { durationText } from "../time/duration.ts";
import type { Action } from "./action.ts";
import type { GuardrailLimits } from "./guardrail-list.ts";

export const SUBJECT_KINDS = ["use_case", "provider", "model"] as const;

/** Whose spending has a cap, and whose calls the levers turn. */
export interface Subject {
  readonly kind: (typeof SUBJECT_KINDS)[number];
  readonly name: string;
}

/** "use_case:ops_copilot" */
export function subjectKey({ kind, name }: Subject): string {
  return `${kind}:${name}`;
}

/** "use_case:ops_copilot" as a subject again. */
export function subjectOf(key: string): Subject {
  const at = key.indexOf(":");
  return { kind: key.slice(0, at) as Subject["kind"], name: key.slice(at + 1) };
}

/** Shares of a cap are whole millionths, so that what is spent is compared with them exactly. */
export const WHOLE_SHARE = 1_000_000n;

/** So much of the cap is spent, or it is forecast to be spent before long. */
export type Threshold = SpendThreshold | ForecastThreshold;

export interface SpendThreshold {
  /** Of the cap, in millionths: 750000 is 75 %. */
  readonly share: bigint;
  readonly actions: readonly Action[];
}

export interface ForecastThreshold {
  /** Until the cap is spent, by the signal `exhaustion`. */
  readonly withinMs: number;
  readonly actions: readonly Action[];
}

export function isForecast(threshold: Threshold): threshold is ForecastThreshold {
  return "withinMs" in threshold;
}

/** Who may take work out of the levers' reach, and for what. */
export interface Exclusion {
  readonly reason: string;
  readonly approver: string;
}

/** How fast the engine moves. */
export interface Pace {
  /** How long a change is watched before the next step. */
  readonly probationMs: number;
  /** The least time between two changes of a lever, reverts of a broken change aside. */
  readonly coolDownMs: number;
  /** How far below a threshold spending must fall before it counts as cleared, in millionths of the cap. */
  readonly clearMargin: bigint;
  /** How long a lever is left alone after it broke a guardrail; twice as long each time, up to a day. */
  readonly holdOffMs: number;
  readonly terms: SignalTerms;
}

const MINUTE_MS = 60_000;

export const DEFAULT_PACE: Pace = {
  probationMs: 10 * MINUTE_MS,
  coolDownMs: 10 * MINUTE_MS,
  clearMargin: 50_000n,
  holdOffMs: 60 * MINUTE_MS,
  terms: { leastSamples: 30, mostAgeMs: 2 * MINUTE_MS },
};

/** What one policy file says of one subject. */
export interface SubjectPolicy {
  /** The file, as decisions name it. */
  readonly policy: string;
  readonly subject: Subject;
  readonly capNano: Nano;
  /** Shares rising, then forecasts coming nearer. */
  readonly thresholds: readonly Threshold[];
  readonly exclusions: readonly Exclusion[];
  readonly limits: GuardrailLimits;
  readonly pace: Pace;
}

/** Where reports of the policy go. Nothing here acts on it. */
export interface Reporting {
  readonly channel: string | undefined;
  readonly artifacts: readonly string[];
}

export interface PolicyFile {
  readonly policies: readonly SubjectPolicy[];
  readonly reporting: Reporting | undefined;
}

/** Under which a threshold's state is kept: "spend_slo.yaml@0.9"; "spend_slo.yaml@3d" of a forecast. */
export function thresholdKey({ policy }: SubjectPolicy, threshold: Threshold): string {
  return `${policy}@${isForecast(threshold) ? durationText(threshold.withinMs) : shareText(threshold.share)}`;
}

/** 750000n is "0.75". */
export function shareText(share: bigint): string {
  const digits = share.toString().padStart(7, "0");
  const fraction = digits.slice(-6).replace(/0+$/, "");
  return `${digits.slice(0, -6)}${fraction === "" ? "" : `.${fraction}`}`;
}
