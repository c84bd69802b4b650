import type { Budget } from "../../core/ledger/budget.ts";
import { BudgetIndex, hasTenantBudget } from "../../core/ledger/budget-index.ts";
import { type CallScope, selectorKey } from "../../core/scope/scope.ts";
import type { Instant } from "../../core/time/window.ts";
import type { AuditedChange, LedgerStore } from "../../ports/ledger-store.ts";

/** What a tenant without a budget of its own gets with its first call. */
export type DefaultBudget = Pick<
  Budget,
  "limitNano" | "window" | "zone" | "hard" | "onShort" | "fallbackModel" | "template" | "thresholds" | "warnPercent"
>;

/** The budgets of the store, kept in memory for the path of every call. All changes go through here, store first. */
export class BudgetCatalog {
  readonly #store: LedgerStore;
  readonly #index: BudgetIndex;
  readonly #defaultBudget: DefaultBudget | null;
  /** Told after a budget's limit may have fallen, so that leases can be called back. */
  onChanged: (budget: Budget) => Promise<void> = async () => {};

  private constructor(store: LedgerStore, budgets: readonly Budget[], defaultBudget: DefaultBudget | null) {
    this.#store = store;
    this.#index = new BudgetIndex(budgets);
    this.#defaultBudget = defaultBudget;
  }

  static async open(store: LedgerStore, defaultBudget: DefaultBudget | null): Promise<BudgetCatalog> {
    return new BudgetCatalog(store, await store.budgets(), defaultBudget);
  }

  matching(scope: CallScope): Budget[] {
    return this.#index.matching(scope);
  }

  /** The default budget, when the call falls under no budget of its tenant. Not stored yet: the first hold does that. */
  due(scope: CallScope, at: Instant, matching: readonly Budget[] = this.matching(scope)): Budget[] {
    if (!this.#defaultBudget || hasTenantBudget(matching)) return [];
    const selector = { tenant: scope.tenant };
    return [
      { ...this.#defaultBudget, id: selectorKey(selector), selector, covers: "rest", origin: "default", createdAt: at, updatedAt: at },
    ];
  }

  all(): Budget[] {
    return this.#index.all();
  }

  get(id: string): Budget | undefined {
    return this.#index.get(id);
  }

  async put(budget: Budget, change: AuditedChange): Promise<Budget> {
    const stored = await this.#store.putBudget(budget, change);
    this.#index.put(stored);
    await this.onChanged(stored);
    return stored;
  }

  /** Budgets that the store created inside a hold. */
  remember(budgets: readonly Budget[]): void {
    for (const budget of budgets) if (!this.#index.get(budget.id)) this.#index.put(budget);
  }
}
