import type { AlertFacts, Severity } from "./alert.ts";

/**
 * A threshold is critical from the limit itself on, a warning from the budget's warning share on, and information below it.
 * @see the FinOps guide, "Alert Matrix": 80 % warns, 100 % is critical
 */
export function severityOf(facts: AlertFacts, warnPercent: number): Severity {
  switch (facts.kind) {
    case "budget_threshold_crossed":
      return facts.percent >= 100 ? "critical" : facts.percent >= warnPercent ? "warning" : "info";
    case "budget_overrun":
    case "hold_exceeded":
    case "unknown_usage_unit":
      return "critical";
    case "runaway_spend":
      return facts.throttled ? "critical" : "warning";
    case "control_threshold_reached":
      return facts.percent >= 100 ? "critical" : "warning";
    case "guardrail_broken":
    case "revert_failed":
      return "critical";
    case "approval_asked":
    case "holds_in_doubt":
      return "warning";
    case "lever_changed":
    case "test":
      return "info";
    default:
      return facts satisfies never;
  }
}
