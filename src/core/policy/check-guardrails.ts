import type { LeverKind } from "../levers/lever.ts";
import { readSignal } from "../levers/signal.ts";
import type { Instant } from "../time/window.ts";
import type { CheckedGuardrail, SubjectFacts } from "./decision.ts";
import { GUARDRAILS } from "./guardrail-list.ts";
import type { SubjectControl } from "./subject-control.ts";

export interface GuardrailCheck {
  readonly holding: readonly CheckedGuardrail[];
  readonly broken: readonly CheckedGuardrail[];
  /** Those without a value to go by, and why. */
  readonly unknown: readonly string[];
}

/**
 * How the guardrails of a lever stand.
 * @param margin part of the limit that must be left for a guardrail to hold, such as 0.05; 0 for the limit itself
 */
export function checkGuardrails(control: SubjectControl, lever: LeverKind, facts: SubjectFacts, now: Instant, margin = 0): GuardrailCheck {
  const holding: CheckedGuardrail[] = [];
  const broken: CheckedGuardrail[] = [];
  const unknown: string[] = [];
  for (const name of lever.guardedBy) {
    const limit = control.limits[name];
    if (limit === "off") continue;
    const { signal, holds } = GUARDRAILS[name];
    const reading = readSignal(facts.signals, signal, now, control.pace.terms);
    if (reading.outcome !== "fresh") {
      unknown.push(reading.detail);
      continue;
    }
    const { value } = reading;
    const isHolding = holds === "at_most" ? value <= limit * (1 - margin) : value >= limit + (BEST_SCORE - limit) * margin;
    (isHolding ? holding : broken).push({ name, value, limit });
  }
  return { holding, broken, unknown };
}

/** Groundedness ends at 5, so the margin of a score is part of what is left to it. */
const BEST_SCORE = 5;

/** "p95_latency_ms 1350 against 1200" */
export function guardrailText(checked: readonly CheckedGuardrail[]): string {
  return checked.map(({ name, value, limit }) => `${name} ${value} against ${limit}`).join(", ");
}
