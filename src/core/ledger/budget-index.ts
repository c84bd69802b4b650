import { type CallScope, SCOPE_DIMENSIONS, type Scope, type ScopeDimension, type ScopeSelector } from "../scope/scope.ts";
import type { Budget } from "./budget.ts";

/** Values never hold this character (see isScopeValue), so joined values cannot collide. */
const SEPARATOR = "\u0000";

interface Table {
  readonly dimensions: readonly ScopeDimension[];
  readonly budgets: Map<string, Budget[]>;
}

/**
 * Finds the budgets of a call. Budgets with the same dimensions share one table, so a call costs one look-up per
 * distinct set of dimensions, however many budgets there are.
 */
export class BudgetIndex {
  readonly #tables = new Map<string, Table>();
  readonly #byId = new Map<string, Budget>();
  readonly #byTenant = new Map<string, Budget[]>();

  constructor(budgets: Iterable<Budget> = []) {
    for (const budget of budgets) this.put(budget);
  }

  put(budget: Budget): void {
    this.remove(budget.id);
    const dimensions = dimensionsOf(budget.selector);
    const shape = dimensions.join(",");
    let table = this.#tables.get(shape);
    if (!table) {
      table = { dimensions, budgets: new Map() };
      this.#tables.set(shape, table);
    }
    add(table.budgets, keyOf(budget.selector, dimensions)!, budget);
    if (budget.selector.tenant !== undefined) add(this.#byTenant, budget.selector.tenant, budget);
    this.#byId.set(budget.id, budget);
  }

  remove(id: string): void {
    const budget = this.#byId.get(id);
    if (!budget) return;
    this.#byId.delete(id);
    const dimensions = dimensionsOf(budget.selector);
    const shape = dimensions.join(",");
    const table = this.#tables.get(shape)!;
    take(table.budgets, keyOf(budget.selector, dimensions)!, budget);
    // Every table costs every call a look-up.
    if (table.budgets.size === 0) this.#tables.delete(shape);
    if (budget.selector.tenant !== undefined) take(this.#byTenant, budget.selector.tenant, budget);
  }

  get(id: string): Budget | undefined {
    return this.#byId.get(id);
  }

  all(): Budget[] {
    return [...this.#byId.values()];
  }

  /** Every budget that names the tenant, whatever else it names. */
  ofTenant(tenant: string): readonly Budget[] {
    return this.#byTenant.get(tenant) ?? [];
  }

  /** The budgets on exactly these dimensions and values, one for each window; names of models in any case. */
  ofSelector(selector: ScopeSelector): readonly Budget[] {
    const dimensions = dimensionsOf(selector);
    return this.#tables.get(dimensions.join(","))?.budgets.get(keyOf(selector, dimensions)!) ?? [];
  }

  /** Every budget whose selector the scope meets, hard ones and soft ones. A model may be named as sent or as its price list has it. */
  matching(scope: CallScope): Budget[] {
    const found: Budget[] = [];
    const { listedModel } = scope;
    const listed = listedModel === undefined || sameModel(listedModel, scope.model) ? undefined : { ...scope, model: listedModel };
    for (const table of this.#tables.values()) {
      collect(found, table, scope);
      if (listed && table.dimensions.includes("model")) collect(found, table, listed);
    }
    if (!found.some((budget) => budget.covers === "rest")) return found;
    const ownModel = found.some((budget) => budget.covers === "all" && isTenantModel(budget));
    return ownModel ? found.filter((budget) => budget.covers === "all") : found;
  }
}

/** Whether one of a call's budgets is the tenant's own, so that no default is due. */
export function hasTenantBudget(matching: readonly Budget[]): boolean {
  return matching.some(({ selector }) => {
    if (selector.tenant === undefined) return false;
    for (const dimension in selector) if (dimension !== "tenant" && dimension !== "model") return false;
    return true;
  });
}

function dimensionsOf(selector: ScopeSelector): ScopeDimension[] {
  return SCOPE_DIMENSIONS.filter((dimension) => selector[dimension] !== undefined);
}

function add(budgets: Map<string, Budget[]>, key: string, budget: Budget): void {
  const same = budgets.get(key);
  if (same) same.push(budget);
  else budgets.set(key, [budget]);
}

function take(budgets: Map<string, Budget[]>, key: string, budget: Budget): void {
  const others = budgets.get(key)!.filter((other) => other !== budget);
  if (others.length > 0) budgets.set(key, others);
  else budgets.delete(key);
}

function isTenantModel(budget: Budget): boolean {
  return budget.selector.tenant !== undefined && budget.selector.model !== undefined && Object.keys(budget.selector).length === 2;
}

function collect(found: Budget[], table: Table, scope: Scope): void {
  const key = keyOf(scope, table.dimensions);
  const budgets = key === undefined ? undefined : table.budgets.get(key);
  if (budgets) found.push(...budgets);
}

function sameModel(one: string, other: string | undefined): boolean {
  return one === other || one.toLowerCase() === other?.toLowerCase();
}

/** Names of models are compared without case, as price lists do. */
function keyOf(values: Scope | Budget["selector"], dimensions: readonly ScopeDimension[]): string | undefined {
  let key = "";
  for (const dimension of dimensions) {
    const value = values[dimension];
    if (value === undefined) return undefined;
    key += (dimension === "model" ? value.toLowerCase() : value) + SEPARATOR;
  }
  return key;
}
