import type { Budget } from "../core/ledger/budget.ts";

/** Budgets of one answer where no `limit` is given. */
export const BUDGETS_A_PAGE = 1000;

/** One page of the budgets in the order of their ids, and the id after which the next page begins. */
export function pageOfBudgets(all: readonly Budget[], after: string, limit: number): { page: Budget[]; next: string | null } {
  const rest = all.filter(({ id }) => id > after).sort((a, b) => (a.id < b.id ? -1 : 1));
  const page = rest.slice(0, limit);
  return { page, next: rest.length > limit ? page.at(-1)!.id : null };
}
