import { type Budget, isDefaultRun } from "../../core/ledger/budget.ts";
import { BudgetIndex, hasTenantBudget } from "../../core/ledger/budget-index.ts";
import { type CallScope, type ScopeSelector, selectorKey } from "../../core/scope/scope.ts";
import type { Instant } from "../../core/time/window.ts";
import type { AuditedChange, LedgerStore, WishesTaken } from "../../ports/ledger-store.ts";

/** What a tenant without a budget of its own gets with its first call. */
export type DefaultBudget = Pick<
  Budget,
  "limitNano" | "window" | "zone" | "hard" | "onShort" | "fallbackModel" | "template" | "onStoreDown" | "thresholds" | "warnPercent"
>;

/** What every run gets with its first call. */
export type RunBudget = Omit<DefaultBudget, "window" | "zone">;

/** A run that is not called for this many others leaves the memory; its next call brings its budget back from the store, with all it spent. */
const MOST_RUNS = 10_000;

/** The budgets of the store, kept in memory for the path of every call. All changes go through here, store first. */
export class BudgetCatalog {
  readonly #store: LedgerStore;
  readonly #index: BudgetIndex;
  readonly #defaultBudget: DefaultBudget | null;
  readonly #runBudget: RunBudget | null;
  readonly #mostRuns: number;
  /** Ids of the budgets that runs' first calls made, the one not called for longest first. */
  readonly #runs = new Set<string>();
  /** Told after a budget's limit may have fallen, so that leases can be called back. */
  onChanged: (budget: Budget) => Promise<void> = async () => {};

  private constructor(store: LedgerStore, budgets: readonly Budget[], defaultBudget: DefaultBudget | null, runs: RunDefaults) {
    this.#store = store;
    this.#index = new BudgetIndex(budgets);
    this.#defaultBudget = defaultBudget;
    this.#runBudget = runs.budget;
    this.#mostRuns = runs.most ?? MOST_RUNS;
  }

  static async open(store: LedgerStore, defaultBudget: DefaultBudget | null, runs: RunDefaults = { budget: null }): Promise<BudgetCatalog> {
    return new BudgetCatalog(store, await store.budgets(), defaultBudget, runs);
  }

  matching(scope: CallScope): Budget[] {
    const found = this.#index.matching(scope);
    if (scope.run !== undefined && this.#runs.size > 0) {
      // To the end of the line: a set keeps the order of insertion.
      for (const { id } of found) if (this.#runs.delete(id)) this.#runs.add(id);
    }
    return found;
  }

  /**
   * The default budget, when the call falls under no budget of its tenant, and that of its run, when it has none. Neither may be in
   * the store yet: the hold sees to that.
   */
  due(scope: CallScope, at: Instant, matching: readonly Budget[] = this.matching(scope)): Budget[] {
    const due: Budget[] = [];
    const stamps = { origin: "default", createdAt: at, updatedAt: at } as const;
    const { tenant, run } = scope;
    if (this.#defaultBudget && !hasTenantBudget(matching)) {
      due.push({ ...this.#defaultBudget, id: selectorKey({ tenant }), selector: { tenant }, covers: "rest", ...stamps });
    }
    if (this.#runBudget && run !== undefined && !matching.some(({ window }) => window === "run")) {
      const selector = { tenant, run };
      const id = `${selectorKey(selector)},window=run`;
      due.push({ ...this.#runBudget, id, selector, window: "run", zone: "UTC", covers: "all", ...stamps });
    }
    return due;
  }

  all(): Budget[] {
    return this.#index.all();
  }

  /** Those that are shown side by side: without what first calls of runs made. */
  lasting(): Budget[] {
    return this.#index.all().filter((budget) => !isDefaultRun(budget));
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
    await this.renew([stored]);
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

  /**
   * Budgets that the store has changed, or whose accounts it has: what is kept of them is taken anew. Of a run that is not in memory
   * nothing is kept.
   */
  async renew(budgets: readonly Budget[]): Promise<void> {
    const kept = budgets.filter((budget) => !isDefaultRun(budget) || this.#runs.has(budget.id));
    for (const budget of kept) {
      this.#index.put(budget);
      if (!isDefaultRun(budget)) this.#runs.delete(budget.id);
    }
    for (const budget of kept) await this.onChanged(budget);
  }

  /** Budgets that a hold created or brought back. */
  remember(budgets: readonly Budget[]): void {
    for (const budget of budgets) {
      if (this.#index.get(budget.id)) continue;
      this.#index.put(budget);
      if (isDefaultRun(budget)) this.#runs.add(budget.id);
    }
    for (const id of this.#runs) {
      if (this.#runs.size <= this.#mostRuns) break;
      this.#forgetRun(id);
    }
  }

  /** What no call holds of it goes back to the store; what cannot go back now does with the leases of windows that have ended. */
  #forgetRun(id: string): void {
    const budget = this.#index.get(id);
    this.#runs.delete(id);
    this.#index.remove(id);
    if (budget) this.onChanged(budget).catch(() => {});
  }
}

export interface RunDefaults {
  readonly budget: RunBudget | null;
  /** How many runs stay in memory. */
  readonly most?: number;
}
