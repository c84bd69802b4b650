import { usd } from "../core/money/usd.ts";
import type { Action } from "../core/policy/action.ts";
import { DEFAULT_LIMITS, type GuardrailLimits } from "../core/policy/guardrail-list.ts";
import { DEFAULT_PACE, type Pace, type PolicyFile, type Subject, type SubjectPolicy, type Threshold } from "../core/policy/policy.ts";
import { readAction, splitActions } from "../core/policy/read-action.ts";
import { parseDuration } from "../core/time/duration.ts";
import type { WrittenGuardrails, WrittenPace, WrittenPolicy } from "./policy-schema.ts";
import { millionthsOf, shareOf } from "./text-formats.ts";

type Written<Part extends keyof WrittenPolicy> = NonNullable<WrittenPolicy[Part]>;
type WrittenEntry = Written<"use_cases">[number] | Written<"providers">[number] | Written<"spend_slo">;

/** Reads what a file says into values. Everything in it is known to be right. @param policy name of the file in decisions */
export function compilePolicy(written: WrittenPolicy, policy: string): PolicyFile {
  const of = (kind: Subject["kind"], name: string, cap: string, entry: WrittenEntry, thresholds: readonly Threshold[]): SubjectPolicy => ({
    policy,
    subject: { kind, name },
    capNano: usd(cap),
    thresholds: [...(thresholds.length > 0 ? thresholds : toldThresholds(written.reporting?.channel)), ...forecastsOf(entry)],
    exclusions: entry.exclusions ?? [],
    limits: limitsOf([written.guardrails, entry.guardrails]),
    pace: paceOf([written.pace, entry.pace]),
  });
  const guard = written.spend_slo;
  const guards = guard ? [of("use_case", guard.use_case, guard.monthly_cap_usd, guard, guard.alerts.map(alertThreshold))] : [];
  return {
    policies: [
      ...(written.use_cases ?? []).map((entry) => of("use_case", entry.id, entry.monthly_cap_usd, entry, thresholdsOf(entry))),
      ...(written.providers ?? []).map((entry) => of("provider", entry.name, entry.cap_usd, entry, thresholdsOf(entry))),
      ...(written.models ?? []).map((entry) => of("model", entry.name, entry.cap_usd, entry, thresholdsOf(entry))),
      ...guards,
    ],
    reporting: written.reporting && { channel: written.reporting.channel, artifacts: written.reporting.artifacts ?? [] },
  };
}

function thresholdsOf({ thresholds = [] }: Written<"use_cases">[number] | Written<"providers">[number]): Threshold[] {
  return thresholds.map(({ pct, actions }) => ({ share: millionthsOf(pct)!, actions: actions.flatMap(actionsIn) }));
}

function forecastsOf({ forecast = [] }: WrittenEntry): Threshold[] {
  return forecast.map(({ exhausted_within, actions }) => ({
    withinMs: parseDuration(exhausted_within)!,
    actions: actions.flatMap(actionsIn),
  }));
}

function alertThreshold({ threshold, action }: Written<"spend_slo">["alerts"][number]): Threshold {
  return { share: millionthsOf(threshold)!, actions: splitActions(action).flatMap(({ text }) => actionsIn(text)) };
}

function actionsIn(text: string): readonly Action[] {
  const reading = readAction(text);
  return reading.outcome === "read" ? reading.actions : [];
}

/** The controls document's steps, for an entry that has none: somebody is told, and no lever is turned. */
function toldThresholds(channel: string | undefined): Threshold[] {
  const actions: Action[] = channel === undefined ? [] : [{ kind: "notify", channel }];
  return [750_000n, 900_000n, 1_000_000n].map((share) => ({ share, actions }));
}

function limitsOf(settings: readonly (WrittenGuardrails | undefined)[]): GuardrailLimits {
  return settings.reduce<GuardrailLimits>((limits, setting) => {
    const limit = (text: string | undefined, before: number | "off") =>
      text === undefined ? before : text === "off" ? "off" : text.endsWith("%") ? shareOf(text)! : Number(text);
    return {
      p95_latency_ms: limit(setting?.p95_latency_ms, limits.p95_latency_ms),
      error_rate: limit(setting?.error_rate, limits.error_rate),
      grounded: limit(setting?.grounded, limits.grounded),
    };
  }, DEFAULT_LIMITS);
}

function paceOf(settings: readonly (WrittenPace | undefined)[]): Pace {
  return settings.reduce<Pace>((pace, setting = {}) => {
    const time = (text: string | undefined, before: number) => (text === undefined ? before : parseDuration(text)!);
    return {
      probationMs: time(setting.probation, pace.probationMs),
      coolDownMs: time(setting.cool_down, pace.coolDownMs),
      holdOffMs: time(setting.hold_off, pace.holdOffMs),
      clearMargin: setting.clear_margin === undefined ? pace.clearMargin : millionthsOf(setting.clear_margin)!,
      terms: {
        leastSamples: setting.least_samples ?? pace.terms.leastSamples,
        mostAgeMs: time(setting.most_age, pace.terms.mostAgeMs),
      },
    };
  }, DEFAULT_PACE);
}
