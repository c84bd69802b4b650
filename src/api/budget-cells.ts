import { type Budget, limitInForce } from "../core/ledger/budget.ts";
import type { BudgetRaise } from "../core/ledger/budget-raise.ts";
import { formatUsd } from "../core/money/usd.ts";
import { selectorKey } from "../core/scope/scope.ts";
import { percentUsed, type Standing } from "../reports/budget-standing.ts";

/** What can be said of a budget, in the order in which files have it. */
export const BUDGET_COLUMNS = [
  "id",
  "scope",
  "limit_usd",
  "window",
  "zone",
  "hard",
  "on_short",
  "fallback_model",
  "template",
  "on_store_down",
  "thresholds",
  "warn_percent",
  "covers",
  "tier",
] as const;
export type BudgetColumn = (typeof BUDGET_COLUMNS)[number];

/** A budget as the cells of a row: what files hold, and what changes are told in. Empty where nothing is said. */
export function budgetCells(budget: Budget): Record<BudgetColumn, string> {
  return {
    id: budget.id,
    scope: selectorKey(budget.selector) || "*",
    limit_usd: formatUsd(budget.limitNano),
    window: budget.window,
    zone: budget.zone,
    hard: String(budget.hard),
    on_short: budget.onShort,
    fallback_model: budget.fallbackModel ?? "",
    template: budget.template ?? "",
    on_store_down: budget.onStoreDown ?? "deny",
    thresholds: budget.thresholds.join(" ") || "none",
    warn_percent: String(budget.warnPercent),
    covers: budget.covers,
    tier: budget.tier?.name ?? "none",
  };
}

/** A budget in the words of the API. */
export function budgetRecord(budget: Budget) {
  return {
    id: budget.id,
    scope: { ...budget.selector },
    limit_usd: formatUsd(budget.limitNano),
    window: budget.window,
    zone: budget.zone,
    hard: budget.hard,
    on_short: budget.onShort,
    ...(budget.fallbackModel === undefined ? {} : { fallback_model: budget.fallbackModel }),
    ...(budget.template === undefined ? {} : { template: budget.template }),
    on_store_down: budget.onStoreDown ?? "deny",
    thresholds: [...budget.thresholds],
    warn_percent: budget.warnPercent,
    covers: budget.covers,
    tier: budget.tier?.name ?? null,
    origin: budget.origin,
  };
}

export function raiseRecord(raise: BudgetRaise) {
  return {
    id: raise.id,
    budget: raise.budgetId,
    amount_usd: formatUsd(raise.amountNano),
    begins_at: new Date(raise.beginsAt).toISOString(),
    ends_at: new Date(raise.endsAt).toISOString(),
    state: raise.state,
    ended_early: raise.endedEarly,
    approver: raise.approver,
    reason: raise.reason,
    created_at: new Date(raise.createdAt).toISOString(),
  };
}

/** The budget with its account. @param raises of any budgets; those of this one that are not over are shown */
export function budgetViewOf({ budget, account }: Standing, raises: readonly BudgetRaise[]) {
  return {
    ...budgetRecord(budget),
    raises: raises.filter(({ budgetId, state }) => budgetId === budget.id && state !== "over").map(raiseRecord),
    account: {
      id: account.id,
      window_start: new Date(account.window.start).toISOString(),
      window_end: new Date(account.window.end).toISOString(),
      limit_usd: formatUsd(account.limitNano),
      spent_usd: formatUsd(account.spentNano),
      credited_usd: formatUsd(account.creditedNano),
      held_usd: formatUsd(account.heldNano),
      in_doubt_usd: formatUsd(account.inDoubtNano),
      leased_usd: formatUsd(account.leasedNano),
      free_usd: formatUsd(account.freeNano),
      overrun_usd: formatUsd(account.overrunNano),
      percent_used: percentUsed(account.spentNano, account.limitNano),
    },
  };
}

/** How the budget would stand with what is planned for it, which nothing is written of. */
export function plannedStanding({ account }: Standing, budget: Budget, more: { creditedNano?: bigint } = {}): Standing {
  const { creditedNano = 0n } = more;
  const limitNano = limitInForce(budget);
  const freeNano = account.freeNano + (limitNano - account.limitNano) + creditedNano;
  const balances = { spentNano: account.spentNano - creditedNano, creditedNano: account.creditedNano + creditedNano };
  return { budget, account: { ...account, ...balances, hard: budget.hard, limitNano, freeNano } };
}
