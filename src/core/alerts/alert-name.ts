import type { AlertKind, AlertPhase, AlertRecord } from "./alert.ts";

/** The `type` of the event of each kind of alert. */
export const EVENT_TYPES = {
  budget_threshold_crossed: "BudgetThresholdCrossed",
  budget_overrun: "BudgetOverrun",
  hold_exceeded: "HoldExceeded",
  unknown_usage_unit: "UnknownUsageUnit",
  runaway_spend: "RunawaySpend",
  holds_in_doubt: "HoldsInDoubt",
  control_threshold_reached: "ControlThresholdReached",
  approval_asked: "ApprovalAsked",
  guardrail_broken: "GuardrailBroken",
  revert_failed: "RevertFailed",
  lever_changed: "LeverChanged",
  test: "AlertTest",
} as const satisfies Record<AlertKind, string>;

/** A type of its own for what comes later, so that who counts crossings counts each once. */
export function eventTypeOf(kind: AlertKind, phase: AlertPhase): string {
  if (phase === "raised") return EVENT_TYPES[kind];
  return phase === "resolved" ? "AlertResolved" : "AlertEscalated";
}

/** The idempotency key of one message: a redelivery has it too. No full stops, since signatures use them to tell the parts they cover apart. */
export function eventId(alertId: string, phase: AlertPhase): string {
  return `${alertId}-${phase}`;
}

/** @see the FinOps guide, "Alert Matrix", for the names of a budget's warning and of its end */
export function alertmanagerName({ facts, severity }: Pick<AlertRecord, "facts" | "severity">): string {
  if (facts.kind !== "budget_threshold_crossed" || severity === "info") return EVENT_TYPES[facts.kind];
  return severity === "critical" ? "AIBudgetExceeded" : "AIBudgetWarning";
}
