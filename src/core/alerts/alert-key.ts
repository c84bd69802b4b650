import type { Instant } from "../time/window.ts";
import type { AlertedBudget, AlertFacts } from "./alert.ts";

const HOUR_MS = 3_600_000;

/**
 * What makes two alerts the same one: while it is open, a repeat is counted and not told again. The window is part of an account's id,
 * so a new window is a new alert;
 * so is a threshold that is reached again after a reset. A count that nobody reads is one alert a provider, whatever the model. Calls that cost more than their hold are one alert a tenant and hour, since a wrong bound is wrong
 * for every call.
 */
export function alertKey(facts: AlertFacts, at: Instant): string {
  switch (facts.kind) {
    case "budget_threshold_crossed":
      return `${facts.kind} ${facts.budget.accountId} ${facts.percent}${afterReset(facts.budget)}`;
    case "budget_overrun":
      return `${facts.kind} ${facts.budget.accountId}`;
    case "hold_exceeded":
      return `${facts.kind} ${facts.tenant} ${new Date(at - (at % HOUR_MS)).toISOString()}`;
    case "unknown_usage_unit":
      return `${facts.kind} ${facts.provider} ${facts.unit}`;
    case "runaway_spend":
      return `${facts.kind} ${facts.tenant} ${facts.who} ${facts.name}`;
    case "holds_in_doubt":
      return facts.kind;
    // Each is its own: what broke again after it was turned back is new.
    case "control_threshold_reached":
      return `${facts.kind} ${facts.subject} ${facts.threshold} ${facts.channel} ${at}`;
    case "approval_asked":
      return `${facts.kind} ${facts.subject} ${facts.threshold} ${at}`;
    case "guardrail_broken":
    case "revert_failed":
      return `${facts.kind} ${facts.subject} ${facts.levers.join(",")} ${at}`;
    case "lever_changed":
      return `${facts.kind} ${facts.subject} ${facts.lever} ${at}`;
    case "test":
      return `${facts.kind} ${facts.channel} ${at}`;
    default:
      return facts satisfies never;
  }
}

function afterReset({ creditedUsd }: AlertedBudget): string {
  return creditedUsd === undefined ? "" : ` after ${creditedUsd} credited`;
}

/** Whether an alert is told once for good, also after it has been resolved: a threshold, once a window and reset. */
export function isToldOnce(facts: AlertFacts): boolean {
  return facts.kind === "budget_threshold_crossed";
}
