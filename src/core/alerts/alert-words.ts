import { Temporal } from "temporal-polyfill";
import { formatUsdShort, parseDecimal } from "../money/usd.ts";
import type { Instant } from "../time/window.ts";
import { NEVER } from "../time/window.ts";
import type { AlertedBudget, AlertFacts, AlertKind, AlertPhase, AlertRecord, ResolvedWhy } from "./alert.ts";
import { isControlAlert } from "./control-alert.ts";
import { controlWords } from "./control-alert-words.ts";

/** An alert in words, for somebody who was asleep a minute ago: what happened, what it does to callers, what to do first. */
export interface AlertWords {
  readonly title: string;
  readonly happened: string;
  readonly doFirst: string;
}

/** The page of docs/runbooks for each kind of alert. */
export const RUNBOOKS: Readonly<Record<AlertKind, string>> = {
  budget_threshold_crossed: "budget-threshold-crossed.md",
  budget_overrun: "budget-overrun.md",
  hold_exceeded: "hold-exceeded.md",
  unknown_usage_unit: "unknown-usage-unit.md",
  runaway_spend: "runaway-spend.md",
  holds_in_doubt: "holds-in-doubt.md",
  control_threshold_reached: "control-threshold-reached.md",
  approval_asked: "approval-asked.md",
  guardrail_broken: "guardrail-broken.md",
  revert_failed: "revert-failed.md",
  lever_changed: "lever-changed.md",
  test: "alert-test.md",
};

const WATCHED = { api_key: "Key", run: "Run", session: "Session" } as const;

export function alertWords(alert: AlertRecord, phase: AlertPhase): AlertWords {
  const words = raisedWords(alert.facts);
  if (phase === "resolved") {
    return {
      title: `Over: ${words.title}`,
      happened: resolvedSentence(alert.resolvedWhy, alert.facts),
      doFirst: "Nothing needs to be done now.",
    };
  }
  const again = alert.times > 1 ? ` It happened ${alert.times} times since ${momentText(alert.raisedAt, "UTC")}.` : "";
  if (phase === "raised") return { ...words, happened: words.happened + again };
  const since = `Nobody has acknowledged this since ${momentText(alert.raisedAt, zoneOf(alert.facts))}.`;
  return { title: `Not acknowledged: ${words.title}`, happened: `${since} ${words.happened}${again}`, doFirst: words.doFirst };
}

function raisedWords(facts: AlertFacts): AlertWords {
  switch (facts.kind) {
    case "budget_threshold_crossed":
      return {
        title: `Budget ${facts.budget.budgetId} reached ${facts.percent} %`,
        happened: `${spent(facts.budget)} ${consequence(facts.budget, facts.percent)}`,
        doFirst: "Look at who spends (ballast report usage), then raise the limit, use a cheaper model, or let it stand.",
      };
    case "budget_overrun":
      return {
        title: `Budget ${facts.budget.budgetId} is over its limit`,
        happened: `${spent(facts.budget)} That is ${money(facts.overrunUsd)} too much, ${causeText(facts.cause)}.`,
        doFirst: "Find what was booked (ballast report usage), then raise the limit or wait for the new window.",
      };
    case "hold_exceeded":
      return {
        title: `A call of tenant ${facts.tenant} cost more than was held for it`,
        happened: `${money(facts.heldUsd)} were held and ${money(facts.costUsd)} booked for ${facts.holdId}. The bound was wrong, so budgets may be passed.`,
        doFirst: "Look up the call by this id in the traces, stop calls of its kind, and report the bound.",
      };
    case "unknown_usage_unit":
      return {
        title: `${facts.provider} counts something that has no price: ${facts.unit}`,
        happened: `An answer of ${facts.model} (${facts.holdId}) has a count that no price is known for. Such calls are unpriced, and keep all that was held for them, here ${money(facts.heldUsd)}.`,
        doFirst:
          "Look up in the provider's documentation whether it is billed. If it costs nothing, add it to gateway.ignored_usage_keys; if it does, resolve the holds (ballast hold list) and report the count.",
      };
    case "runaway_spend": {
      const minutes = facts.windowMs / 60_000;
      return {
        title: `${WATCHED[facts.who]} ${facts.name} of tenant ${facts.tenant} spends many times what is usual`,
        happened: `${money(facts.spentUsd)} within ${minutes} minutes; usual are ${money(facts.usualUsd)}, and above ${money(facts.limitUsd)} is too much. ${
          facts.throttled ? "Its calls are refused until that is over." : "Its calls go on, within their budgets."
        }`,
        doFirst: "Look whether it loops (ballast report usage, the newest traces); then stop it or revoke its key, or let it run.",
      };
    }
    case "holds_in_doubt":
      return {
        title: `${facts.holds} ${facts.holds === 1 ? "hold is" : "holds are"} in doubt`,
        happened: `Calls that may have been billed keep ${money(facts.inDoubtUsd)} of their budgets, the oldest since ${momentText(facts.oldestAt, "UTC")}.`,
        doFirst: "List them (ballast hold list) and say from the provider's records what they cost (ballast hold resolve).",
      };
    case "control_threshold_reached":
    case "approval_asked":
    case "guardrail_broken":
    case "revert_failed":
    case "lever_changed":
      return controlWords(facts, money, (at) => momentText(at, "UTC"));
    case "test":
      return {
        title: `Test alert for channel ${facts.channel}`,
        happened: "Somebody asked for this message to see that it arrives. No budget is concerned.",
        doFirst: "Nothing: it has arrived.",
      };
    default:
      return facts satisfies never;
  }
}

function spent({ spentUsd, limitUsd, windowStart, zone }: AlertedBudget): string {
  return `${money(spentUsd)} of ${money(limitUsd)} are spent since ${momentText(windowStart, zone)}.`;
}

function consequence({ hard, windowEnd, zone }: AlertedBudget, percent: number): string {
  if (windowEnd === NEVER) return hard ? "At 100 % its calls are refused for good, or until the limit is raised." : "The budget is soft.";
  const reset = momentText(windowEnd, zone);
  if (!hard) return `The budget is soft: no call is refused. It starts anew on ${reset}.`;
  if (percent >= 100) return `Calls are refused until ${reset}, or until the limit is raised.`;
  return `At 100 % calls are refused until ${reset}.`;
}

/** @param cause the kind of the ledger's entry */
function causeText(cause: string): string {
  switch (cause) {
    case "track":
      return "by usage that was reported after it had happened";
    case "resolve":
      return "by a hold in doubt that cost more than was held";
    case "settle":
      return "by a call that cost more than its hold";
    default:
      return `by an entry of kind ${cause}`;
  }
}

function resolvedSentence(why: ResolvedWhy | null, facts: AlertFacts): string {
  switch (why) {
    case "window_ended":
      return "The window has ended; the budget has started anew.";
    case "back_below":
      if (isControlAlert(facts)) return "Spending is below the threshold again.";
      return facts.kind === "budget_threshold_crossed"
        ? `Spending is below ${facts.percent} % of the limit again.`
        : "Spending is within the limit again.";
    case "quiet_for_a_day":
      return "It has not happened again for a day.";
    case "none_in_doubt":
      return "No hold is in doubt any more.";
    case "budget_changed":
      return "The budget's window was changed, so this one no longer counts.";
    case "turned_back":
      return "The levers are turned back.";
    case "test_ended":
    case "was_news":
    case null:
      return "It is over.";
    default:
      return why satisfies never;
  }
}

function zoneOf(facts: AlertFacts): string {
  return "budget" in facts ? facts.budget.zone : "UTC";
}

function money(usdText: string): string {
  const nano = parseDecimal(usdText, 9, "up");
  return nano === undefined ? `${usdText} USD` : formatUsdShort(nano);
}

/** "2026-12-01 00:00 (Europe/Berlin)". */
export function momentText(at: Instant, zone: string): string {
  const local = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);
  return `${local.toPlainDate()} ${local.toPlainTime().toString({ smallestUnit: "minute" })} (${zone})`;
}
