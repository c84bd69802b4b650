import type { Budget } from "../core/ledger/budget.ts";
import type { CallScope } from "../core/scope/scope.ts";
import type { Instant } from "../core/time/window.ts";
import { type Standing, tightest, untouchedStanding } from "../reports/budget-standing.ts";
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

/**
 * The budgets a call falls under, with the default one it would bring into being.
 * @param scopes the call's scope, once per provider and model that it may be sent to
 */
export function budgetsOfCall(scopes: readonly CallScope[], at: Instant, deps: Pick<ApiDeps, "budgets">): { all: Budget[]; due: Budget[] } {
  const due = scopes.flatMap((scope) => deps.budgets.due(scope, at)).filter(firstOfItsId);
  return { all: [...scopes.flatMap((scope) => deps.budgets.matching(scope)), ...due].filter(firstOfItsId), due };
}

/**
 * The standing whose numbers are shown to a tenant as its own: of budgets that only its calls count on, the one that will refuse first.
 * What others have spent on a budget that is shared with them is not the tenant's usage.
 */
export function ownStanding(standings: readonly Standing[]): Standing | undefined {
  return tightest(standings.filter(({ budget }) => budget.selector.tenant !== undefined));
}

function firstOfItsId(budget: Budget, index: number, all: readonly Budget[]): boolean {
  return all.findIndex(({ id }) => id === budget.id) === index;
}
