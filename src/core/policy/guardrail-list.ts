import type { SignalName } from "../levers/signal-list.ts";

/** A limit that no lever may break. */
export interface GuardrailKind {
  readonly signal: SignalName;
  /** Which side of the limit is good; the limit itself holds. */
  readonly holds: "at_most" | "at_least";
  /** The controls document's figure. */
  readonly byDefault: number;
  readonly meaning: string;
}

export const GUARDRAILS = {
  p95_latency_ms: { signal: "p95_latency_ms", holds: "at_most", byDefault: 1200, meaning: "95 % of the answers end within it, in ms." },
  error_rate: { signal: "error_rate", holds: "at_most", byDefault: 0.01, meaning: "Share of the calls that end in an error." },
  grounded: { signal: "grounded", holds: "at_least", byDefault: 4.2, meaning: "Groundedness of the rated answers, of 5." },
} as const satisfies Record<string, GuardrailKind>;

export type GuardrailName = keyof typeof GUARDRAILS;

export const GUARDRAIL_NAMES = Object.keys(GUARDRAILS) as GuardrailName[];

/** The limits of one subject; "off" where the policy says that it is not measured and not to be waited for. */
export type GuardrailLimits = Readonly<Record<GuardrailName, number | "off">>;

export const DEFAULT_LIMITS: GuardrailLimits = {
  p95_latency_ms: GUARDRAILS.p95_latency_ms.byDefault,
  error_rate: GUARDRAILS.error_rate.byDefault,
  grounded: GUARDRAILS.grounded.byDefault,
};

/** The limit that lets less through; a limit is stricter than none. */
export function stricterLimit(name: GuardrailName, one: number | "off", other: number | "off"): number | "off" {
  if (one === "off" || other === "off") return one === "off" ? other : one;
  return GUARDRAILS[name].holds === "at_most" ? Math.min(one, other) : Math.max(one, other);
}
