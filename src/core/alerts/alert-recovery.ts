import type { Account } from "../ledger/budget.ts";
import type { ControlState } from "../policy/decision.ts";
import type { Instant } from "../time/window.ts";
import { type AlertedBudget, type AlertRecord, budgetOf, type ResolvedWhy } from "./alert.ts";

export interface Recovery {
  readonly id: string;
  readonly why: ResolvedWhy;
  /** Whether people are told. Systems that follow each alert hear of every one. */
  readonly tells: boolean;
}

/** What is known now of the things that alerts are about. */
export interface Present {
  /** Accounts of the current windows, by budget id. */
  readonly accounts: ReadonlyMap<string, Account>;
  readonly holdsInDoubt: number;
  /** By subject; one that was never controlled is not in it. */
  readonly controls: ReadonlyMap<string, ControlState>;
}

const DAY_MS = 86_400_000;
/** Systems that follow alerts show a test for as long as this. */
const TEST_LASTS_MS = 5 * 60_000;

/**
 * Which open alerts are over, and why. Of the thresholds of one account that end together only the highest is told to people, and the
 * end of a window only of alerts that were more than information: a new month needs no message for every step of the old one.
 */
export function recoveriesOf(open: readonly AlertRecord[], present: Present, now: Instant): Recovery[] {
  const over = open.flatMap((alert) => {
    const why = whyOver(alert, present, now);
    return why === undefined ? [] : [{ alert, why }];
  });
  const highest = new Map<string, number>();
  for (const { alert } of over) {
    const { accountId } = budgetOf(alert.facts) ?? { accountId: alert.id };
    highest.set(accountId, Math.max(highest.get(accountId) ?? 0, weightOf(alert)));
  }
  return over.map(({ alert, why }) => {
    const { accountId } = budgetOf(alert.facts) ?? { accountId: alert.id };
    const isNews = why !== "was_news" && (why !== "window_ended" || alert.severity !== "info");
    return { id: alert.id, why, tells: alert.facts.kind !== "test" && isNews && weightOf(alert) === highest.get(accountId) };
  });
}

/** Overruns before thresholds, higher thresholds before lower. */
function weightOf({ facts }: AlertRecord): number {
  return facts.kind === "budget_threshold_crossed" ? facts.percent : 1001;
}

function whyOver(alert: AlertRecord, present: Present, now: Instant): ResolvedWhy | undefined {
  const { facts } = alert;
  switch (facts.kind) {
    case "budget_threshold_crossed":
      return ofBudget(facts.budget, present, now, (account) => account.spentNano * 100n < BigInt(facts.percent) * account.limitNano);
    case "budget_overrun":
      return ofBudget(facts.budget, present, now, (account) => account.spentNano + account.inDoubtNano <= account.limitNano);
    case "hold_exceeded":
    case "unknown_usage_unit":
    case "runaway_spend":
      return now >= alert.lastAt + DAY_MS ? "quiet_for_a_day" : undefined;
    case "holds_in_doubt":
      return present.holdsInDoubt === 0 ? "none_in_doubt" : undefined;
    case "control_threshold_reached":
    case "approval_asked":
      return present.controls.get(facts.subject)?.reached.includes(facts.threshold) ? undefined : "back_below";
    case "guardrail_broken":
      return now >= alert.lastAt + DAY_MS ? "quiet_for_a_day" : undefined;
    case "revert_failed":
      return hasFailedRevert(present.controls.get(facts.subject)) ? undefined : "turned_back";
    // It tells of a moment and waits for nobody.
    case "lever_changed":
      return "was_news";
    case "test":
      return now >= alert.raisedAt + TEST_LASTS_MS ? "test_ended" : undefined;
    default:
      return facts satisfies never;
  }
}

function hasFailedRevert(control: ControlState | undefined): boolean {
  return Object.values(control?.levers ?? {}).some((lever) => lever?.failedRevert !== undefined);
}

function ofBudget(budget: AlertedBudget, present: Present, now: Instant, isFine: (account: Account) => boolean): ResolvedWhy | undefined {
  if (now >= budget.windowEnd) return "window_ended";
  const account = present.accounts.get(budget.budgetId);
  // Missing now is no proof that it is gone: the next look will tell.
  if (!account) return undefined;
  if (account.id !== budget.accountId) return "budget_changed";
  return isFine(account) ? "back_below" : undefined;
}
