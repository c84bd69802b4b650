import type { AlertedBudget, AlertFacts } from "../core/alerts/alert.ts";
import type { Instant } from "../core/time/window.ts";
import type { AlertFactsView } from "./alert-event-contract.ts";

/** What an alert tells of, in the words of the wire. */
export function factsView(facts: AlertFacts): AlertFactsView {
  switch (facts.kind) {
    case "budget_threshold_crossed":
      return { kind: facts.kind, budget: budgetView(facts.budget), percent: facts.percent };
    case "budget_overrun":
      return { kind: facts.kind, budget: budgetView(facts.budget), overrun_usd: facts.overrunUsd, cause: facts.cause };
    case "hold_exceeded":
      return { kind: facts.kind, tenant: facts.tenant, hold: facts.holdId, held_usd: facts.heldUsd, cost_usd: facts.costUsd };
    case "unknown_usage_unit":
      return {
        kind: facts.kind,
        provider: facts.provider,
        model: facts.model,
        unit: facts.unit,
        hold: facts.holdId,
        held_usd: facts.heldUsd,
      };
    case "runaway_spend":
      return {
        kind: facts.kind,
        tenant: facts.tenant,
        who: facts.who,
        name: facts.name,
        spent_usd: facts.spentUsd,
        usual_usd: facts.usualUsd,
        limit_usd: facts.limitUsd,
        factor: facts.factor,
        window_minutes: facts.windowMs / 60_000,
        throttled: facts.throttled,
      };
    case "holds_in_doubt":
      return { kind: facts.kind, holds: facts.holds, in_doubt_usd: facts.inDoubtUsd, oldest_at: textOf(facts.oldestAt) };
    case "control_threshold_reached":
    case "approval_asked": {
      const { subject, threshold, percent, capUsd: cap_usd, spentUsd: spent_usd } = facts;
      const reached = { subject, threshold, percent, cap_usd, spent_usd };
      return facts.kind === "approval_asked" ? { kind: facts.kind, ...reached } : { kind: facts.kind, ...reached, channel: facts.channel };
    }
    case "guardrail_broken":
    case "revert_failed":
      return { kind: facts.kind, subject: facts.subject, levers: [...facts.levers], detail: facts.detail };
    case "lever_changed": {
      const { probationUntil, ...change } = facts;
      return { ...change, probation_until: probationUntil === null ? null : textOf(probationUntil) };
    }
    case "test":
      return { kind: facts.kind, channel: facts.channel };
    default:
      return facts satisfies never;
  }
}

function budgetView(budget: AlertedBudget) {
  return {
    id: budget.budgetId,
    account: budget.accountId,
    window_start: textOf(budget.windowStart),
    window_end: textOf(budget.windowEnd),
    zone: budget.zone,
    hard: budget.hard,
    limit_usd: budget.limitUsd,
    spent_usd: budget.spentUsd,
  };
}

function textOf(at: Instant): string {
  return new Date(at).toISOString();
}
