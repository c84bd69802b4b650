import type { Budget } from "../core/ledger/budget.ts";
import type { Scope } from "../core/scope/scope.ts";
import type { Instant } from "../core/time/window.ts";
import { type Standing, untouchedStanding } from "../reports/budget-standing.ts";
import type { ApiDeps } from "./api-deps.ts";

/** How budgets stand in the window around `at`. Those that nothing was booked on yet are shown untouched. */
export async function standingsOf(budgets: readonly Budget[], at: Instant, deps: Pick<ApiDeps, "desk">): Promise<Standing[]> {
  if (budgets.length === 0) return [];
  const accounts = await deps.desk.status(
    budgets.map(({ id }) => id),
    at,
  );
  const byBudget = new Map(accounts.map((account) => [account.budgetId, account]));
  return budgets.map((budget) => {
    const account = byBudget.get(budget.id);
    return account ? { budget, account } : untouchedStanding(budget, at);
  });
}

/** The budgets a call falls under, with the default one it would bring into being. */
export function budgetsOfCall(scope: Scope, at: Instant, deps: Pick<ApiDeps, "budgets">): { all: Budget[]; due: Budget[] } {
  const due = deps.budgets.due(scope, at);
  return { all: [...deps.budgets.matching(scope), ...due], due };
}
