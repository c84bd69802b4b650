import { SCOPE_DIMENSIONS, type Scope, type ScopeDimension } from "../scope/scope.ts";
import type { Budget } from "./budget.ts";

/** Values never hold this character (see isScopeValue), so joined values cannot collide. */
const SEPARATOR = "\u0000";

/**
 * Finds the budgets of a call. Budgets with the same dimensions share one table, so a call costs one look-up per
 * distinct set of dimensions, however many budgets there are.
 */
export class BudgetIndex {
  readonly #tables = new Map<string, { dimensions: readonly ScopeDimension[]; budgets: Map<string, Budget[]> }>();
  readonly #byId = new Map<string, Budget>();

  constructor(budgets: Iterable<Budget> = []) {
    for (const budget of budgets) this.put(budget);
  }

  put(budget: Budget): void {
    this.remove(budget.id);
    const dimensions = SCOPE_DIMENSIONS.filter((dimension) => budget.selector[dimension] !== undefined);
    const shape = dimensions.join(",");
    let table = this.#tables.get(shape);
    if (!table) {
      table = { dimensions, budgets: new Map() };
      this.#tables.set(shape, table);
    }
    const key = keyOf(budget.selector, dimensions) ?? "";
    const same = table.budgets.get(key);
    if (same) same.push(budget);
    else table.budgets.set(key, [budget]);
    this.#byId.set(budget.id, budget);
  }

  remove(id: string): void {
    const budget = this.#byId.get(id);
    if (!budget) return;
    this.#byId.delete(id);
    for (const table of this.#tables.values()) {
      const key = keyOf(budget.selector, table.dimensions);
      if (key === undefined) continue;
      const same = table.budgets.get(key);
      const place = same?.indexOf(budget) ?? -1;
      if (same && place >= 0) same.splice(place, 1);
      if (same?.length === 0) table.budgets.delete(key);
    }
  }

  get(id: string): Budget | undefined {
    return this.#byId.get(id);
  }

  all(): Budget[] {
    return [...this.#byId.values()];
  }

  /** Every budget whose selector the scope meets, hard ones and soft ones. */
  matching(scope: Scope): Budget[] {
    const found: Budget[] = [];
    for (const table of this.#tables.values()) {
      const key = keyOf(scope, table.dimensions);
      if (key === undefined) continue;
      const budgets = table.budgets.get(key);
      if (budgets) found.push(...budgets);
    }
    if (!found.some((budget) => budget.covers === "rest")) return found;
    const ownModel = found.some((budget) => budget.covers === "all" && isTenantModel(budget));
    return ownModel ? found.filter((budget) => budget.covers === "all") : found;
  }

  /** Whether the tenant has a budget of its own that the call falls under, so that no default is due. */
  hasTenantBudget(scope: Scope): boolean {
    return this.matching(scope).some((budget) => {
      const dimensions = Object.keys(budget.selector);
      return dimensions.includes("tenant") && dimensions.every((dimension) => dimension === "tenant" || dimension === "model");
    });
  }
}

function isTenantModel(budget: Budget): boolean {
  return budget.selector.tenant !== undefined && budget.selector.model !== undefined && Object.keys(budget.selector).length === 2;
}

function keyOf(values: Scope | Budget["selector"], dimensions: readonly ScopeDimension[]): string | undefined {
  if (dimensions.length === 1) return values[dimensions[0]!];
  let key = "";
  for (const dimension of dimensions) {
    const value = values[dimension];
    if (value === undefined) return undefined;
    key += value + SEPARATOR;
  }
  return key;
}
