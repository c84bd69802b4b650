import type { ScopeSelector } from "../scope/scope.ts";
import type { Instant } from "../time/window.ts";
import type { ControlAlertFacts } from "./control-alert.ts";

export const SEVERITIES = ["info", "warning", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** The budget an alert is about, as it was when the alert was raised. */
export interface AlertedBudget {
  readonly budgetId: string;
  readonly accountId: string;
  readonly windowStart: Instant;
  readonly windowEnd: Instant;
  readonly zone: string;
  readonly hard: boolean;
  readonly limitUsd: string;
  readonly spentUsd: string;
  /** What resets in the window had credited; absent before the first. */
  readonly creditedUsd?: string | undefined;
}

/** What happened. Amounts are exact decimal text of USD, since they are told and kept, not decided with. */
export type AlertFacts =
  | { readonly kind: "budget_threshold_crossed"; readonly budget: AlertedBudget; readonly percent: number }
  | { readonly kind: "budget_overrun"; readonly budget: AlertedBudget; readonly overrunUsd: string; readonly cause: string }
  | {
      readonly kind: "hold_exceeded";
      readonly tenant: string;
      readonly holdId: string;
      readonly heldUsd: string;
      readonly costUsd: string;
    }
  | {
      readonly kind: "unknown_usage_unit";
      readonly provider: string;
      readonly model: string;
      /** The path of the count, such as "usage.foo_seconds". */
      readonly unit: string;
      readonly holdId: string;
      readonly heldUsd: string;
    }
  | {
      readonly kind: "runaway_spend";
      readonly tenant: string;
      readonly who: "api_key" | "run" | "session";
      readonly name: string;
      /** Within the last window, and what is usual in one. */
      readonly spentUsd: string;
      readonly usualUsd: string;
      readonly limitUsd: string;
      readonly factor: number;
      readonly windowMs: number;
      /** Whether its calls are refused. */
      readonly throttled: boolean;
    }
  | { readonly kind: "holds_in_doubt"; readonly holds: number; readonly inDoubtUsd: string; readonly oldestAt: Instant }
  | { readonly kind: "test"; readonly channel: string }
  | ControlAlertFacts;

export type AlertKind = AlertFacts["kind"];

export interface Alert {
  /** Stable: made from what happened and when, so that the same row of the outbox is the same alert however often it is read. */
  readonly id: string;
  readonly severity: Severity;
  /** What routes are compared with: the budget's selector, or the tenant of a call. */
  readonly scope: ScopeSelector;
  readonly facts: AlertFacts;
  readonly raisedAt: Instant;
}

/** An alert and what has become of it. */
export interface AlertRecord extends Alert {
  /** How often the same thing happened while the alert was open. */
  readonly times: number;
  readonly lastAt: Instant;
  readonly ackedAt: Instant | null;
  readonly ackedBy: string | null;
  readonly resolvedAt: Instant | null;
  readonly resolvedWhy: ResolvedWhy | null;
}

export const RESOLVED_WHYS = [
  "window_ended",
  "back_below",
  "quiet_for_a_day",
  "none_in_doubt",
  "budget_changed",
  "test_ended",
  "turned_back",
  "was_news",
] as const;
export type ResolvedWhy = (typeof RESOLVED_WHYS)[number];

export const ALERT_LIST_STATES = ["open", "acknowledged", "resolved", "dead", "all"] as const;
/** Which alerts are asked for. open: not over and not acknowledged. dead: with a delivery that was given up. */
export type AlertListState = (typeof ALERT_LIST_STATES)[number];

/** Which word of an alert a message is: that it is there, that nobody has taken it, that it is over. */
export type AlertPhase = "raised" | `escalated-${number}` | "resolved";

export function budgetOf(facts: AlertFacts): AlertedBudget | undefined {
  return "budget" in facts ? facts.budget : undefined;
}
