import { accountId, type Budget } from "../../core/ledger/budget.ts";
import type { CallScope } from "../../core/scope/scope.ts";
import { type Instant, type Period, windowAt } from "../../core/time/window.ts";
import type { BudgetCatalog } from "./budget-catalog.ts";

export interface CalledBudgets {
  readonly budgets: readonly Budget[];
  /** Of these: what the call is the first for, and the store has to make. */
  readonly due: readonly Budget[];
}

/** The budgets that a call falls under, and their accounts at a moment; a window is computed once as long as it lasts. */
export class BudgetsOfCall {
  readonly #catalog: BudgetCatalog;
  readonly #windows = new Map<string, { budget: Budget; period: Period; account: string }>();

  constructor(catalog: BudgetCatalog) {
    this.#catalog = catalog;
  }

  /** @param scopes the call's scope, once per provider and model that it may be sent to */
  of(scopes: readonly CallScope[], at: Instant): CalledBudgets {
    const matching: Budget[] = [];
    const due: Budget[] = [];
    for (const scope of scopes) {
      const found = this.#catalog.matching(scope);
      matching.push(...found);
      due.push(...this.#catalog.due(scope, at, found));
    }
    if (scopes.length === 1 && due.length === 0) return { budgets: matching, due };
    return { budgets: [...matching, ...due].filter(firstOfItsId), due: due.filter(firstOfItsId) };
  }

  window(budget: Budget, at: Instant): { readonly period: Period; readonly account: string } {
    const known = this.#windows.get(budget.id);
    if (known && known.budget === budget && known.period.start <= at && at < known.period.end) return known;
    const period = windowAt(budget.window, budget.zone, at);
    const fresh = { budget, period, account: accountId(budget.id, period) };
    this.#windows.set(budget.id, fresh);
    return fresh;
  }

  /** Accounts whose window has not ended. */
  current(at: Instant): ReadonlySet<string> {
    return new Set([...this.#windows.values()].filter(({ period }) => at < period.end).map(({ account }) => account));
  }

  /** @returns the account that calls were held from last, if any were */
  forget(budgetId: string): string | undefined {
    const account = this.#windows.get(budgetId)?.account;
    this.#windows.delete(budgetId);
    return account;
  }
}

function firstOfItsId(budget: Budget, index: number, all: readonly Budget[]): boolean {
  return all.findIndex((other) => other.id === budget.id) === index;
}
