import type { Nano } from "../money/usd.ts";
import { SCOPE_DIMENSIONS, type ScopeDimension, type ScopeSelector } from "../scope/scope.ts";
import { type Budget, limitInForce } from "./budget.ts";

/** A budget among those of its window kind. A call that falls under it falls under its parents too. */
export interface TreeNode {
  readonly budget: Budget;
  /** The narrowest budgets that contain it: several where scopes cross, such as tenant acme and model gpt-4o. */
  readonly parents: readonly string[];
  readonly children: readonly string[];
  readonly overCommitments: readonly OverCommitment[];
}

/** Budgets side by side within one, no two of which share a call, with limits that sum to more than it has. */
export interface OverCommitment {
  /** What tells the children apart, beyond the parent's own scope. */
  readonly dimensions: readonly ScopeDimension[];
  readonly children: number;
  readonly childrenLimitNano: Nano;
  readonly overNano: Nano;
}

/**
 * Which budgets lie within which: a selector that names less of the same is a parent's, within one kind of window. A budget for the rest
 * of its tenant contains none of the tenant's budgets per model: it stands beside them. Limits are those in force.
 */
export function budgetTree(budgets: readonly Budget[]): TreeNode[] {
  const byKey = new Map<string, Budget[]>();
  for (const budget of budgets) {
    const key = keyOf(budget.window, budget.selector, dimensionsOf(budget.selector));
    byKey.set(key, [...(byKey.get(key) ?? []), budget]);
  }
  const parents = new Map(budgets.map((budget) => [budget.id, parentsOf(budget, byKey)]));
  const children = new Map<string, Budget[]>();
  for (const budget of budgets) {
    for (const { id } of parents.get(budget.id)!) {
      const siblings = children.get(id);
      if (siblings) siblings.push(budget);
      else children.set(id, [budget]);
    }
  }
  return budgets.map((budget) => {
    const own = children.get(budget.id) ?? [];
    const ids = { parents: parents.get(budget.id)!.map(({ id }) => id), children: own.map(({ id }) => id) };
    return { budget, ...ids, overCommitments: overCommitmentsOf(budget, own) };
  });
}

/** Most dimensions first, so that whatever contains one that was found already is left out. */
function parentsOf(budget: Budget, byKey: ReadonlyMap<string, readonly Budget[]>): Budget[] {
  const dimensions = dimensionsOf(budget.selector);
  const found: { budget: Budget; mask: number }[] = [];
  const masks = Array.from({ length: 2 ** dimensions.length - 1 }, (_, mask) => mask).sort((a, b) => bits(b) - bits(a));
  for (const mask of masks) {
    if (found.some((nearer) => (nearer.mask & mask) === mask)) continue;
    const named = dimensions.filter((_, index) => mask & (1 << index));
    for (const other of byKey.get(keyOf(budget.window, budget.selector, named)) ?? []) {
      if (!standsBeside(other, budget)) found.push({ budget: other, mask });
    }
  }
  return found.map((nearest) => nearest.budget);
}

function bits(mask: number): number {
  let count = 0;
  for (let rest = mask; rest > 0; rest >>= 1) count += rest & 1;
  return count;
}

/** As BudgetIndex.matching has it: calls of a tenant's own model count on that budget and not on the rest. */
function standsBeside(rest: Budget, budget: Budget): boolean {
  return rest.covers === "rest" && budget.covers === "all" && isTenantModel(budget.selector);
}

function isTenantModel({ tenant, model, ...others }: ScopeSelector): boolean {
  return tenant !== undefined && model !== undefined && Object.keys(others).length === 0;
}

function overCommitmentsOf(parent: Budget, children: readonly Budget[]): OverCommitment[] {
  const resting = new Set(children.filter(({ covers }) => covers === "rest").map(({ selector }) => selector.tenant));
  const groups = new Map<string, Budget[]>();
  for (const child of children) {
    // A tenant's budgets per model and the one for its rest are parts of one tenant, and sum up with other tenants.
    const isPart = standsBesideOneOf(child, resting);
    const own = dimensionsOf(child.selector).filter(
      (dimension) => parent.selector[dimension] === undefined && !(isPart && dimension === "model"),
    );
    const group = own.join();
    groups.set(group, [...(groups.get(group) ?? []), child]);
  }
  return [...groups].flatMap(([group, parts]) => {
    const childrenLimitNano = parts.reduce((sum, part) => sum + limitInForce(part), 0n);
    const overNano = childrenLimitNano - limitInForce(parent);
    if (overNano <= 0n) return [];
    return [
      {
        dimensions: group.split(",").filter((name) => name !== "") as ScopeDimension[],
        children: parts.length,
        childrenLimitNano,
        overNano,
      },
    ];
  });
}

function standsBesideOneOf(child: Budget, resting: ReadonlySet<string | undefined>): boolean {
  return child.covers === "all" && isTenantModel(child.selector) && resting.has(child.selector.tenant);
}

function dimensionsOf(selector: ScopeSelector): ScopeDimension[] {
  return SCOPE_DIMENSIONS.filter((dimension) => selector[dimension] !== undefined);
}

/** Models are compared without case, as calls are. */
function keyOf(window: string, selector: ScopeSelector, dimensions: readonly ScopeDimension[]): string {
  let key = window;
  for (const dimension of dimensions) {
    const value = selector[dimension]!;
    key += `\n${dimension}=${dimension === "model" ? value.toLowerCase() : value}`;
  }
  return key;
}
