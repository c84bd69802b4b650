import type { Budget } from "../../core/ledger/budget.ts";
import { BudgetIndex, hasTenantBudget } from "../../core/ledger/budget-index.ts";
import { type CallScope, type ScopeSelector, selectorKey } from "../../core/scope/scope.ts";
import type { Instant } from "../../core/time/window.ts";
import type { AuditedChange, LedgerStore, WishesTaken } from "../../ports/ledger-store.ts";

/** What a tenant without a budget of its own gets with its first call. */
export type DefaultBudget = Pick<Budget, "limitNano" | "window" | "zone" | "hard" | "onShort" | "thresholds" | "warnPercent">;

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

  /** Every budget that names the tenant, whatever else it names. */
  ofTenant(tenant: string): readonly Budget[] {
    return this.#index.ofTenant(tenant);
  }

  /** The budgets of exactly this scope, one for each window; names of models in any case. */
  ofSelector(selector: ScopeSelector): readonly Budget[] {
    return this.#index.ofSelector(selector);
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

  async putAll(changes: Parameters<LedgerStore["putBudgets"]>[0]): Promise<readonly Budget[]> {
    const stored = await this.#store.putBudgets(changes);
    await this.renew(stored);
    return stored;
  }

  /** What people wrote into the ledger's SQL tables holds from here on. @returns what of it was refused, and whether more waits */
  async takeWishes(at: Instant): Promise<Pick<WishesTaken, "refused" | "more">> {
    const { thresholds = [50, 80, 100], warnPercent = 80 } = this.#defaultBudget ?? {};
    const taken = await this.#store.takeWishes({ at, newBudgets: { thresholds, warnPercent } });
    await this.renew(taken.budgets);
    return taken;
  }

  /** Budgets that the store has changed, or whose accounts it has: what is kept of them is taken anew. */
  async renew(budgets: readonly Budget[]): Promise<void> {
    for (const budget of budgets) this.#index.put(budget);
    for (const budget of budgets) await this.onChanged(budget);
  }

  /** Budgets that the store created inside a hold. */
  remember(budgets: readonly Budget[]): void {
    for (const budget of budgets) if (!this.#index.get(budget.id)) this.#index.put(budget);
  }
}
