import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ScopeSelector } from "../scope/scope.ts";
import type { Budget } from "./budget.ts";
import { BudgetIndex } from "./budget-index.ts";
import { budgetTree } from "./budget-tree.ts";

function aBudget(id: string, selector: ScopeSelector, limitNano = 10n, more: Partial<Budget> = {}): Budget {
  return { id, selector, limitNano, window: "month", covers: "all", ...more } as Budget;
}

function shapeOf(budgets: readonly Budget[]) {
  return Object.fromEntries(budgetTree(budgets).map(({ budget, parents }) => [budget.id, [...parents].sort()]));
}

describe("the tree of budgets", () => {
  it("puts a budget under the narrowest ones that contain it, whatever order they come in", () => {
    const budgets = [
      aBudget("tenant in team", { team: "t", tenant: "a" }),
      aBudget("all", {}),
      aBudget("team", { team: "t" }),
      aBudget("feature", { team: "t", tenant: "a", feature: "f" }),
      aBudget("other tenant", { team: "u", tenant: "a" }),
    ];
    expect(shapeOf(budgets)).toEqual({
      all: [],
      team: ["all"],
      "tenant in team": ["team"],
      feature: ["tenant in team"],
      "other tenant": ["all"],
    });
  });

  it("gives a budget several parents where scopes cross, compares models without case, and keeps windows apart", () => {
    const budgets = [
      aBudget("tenant", { tenant: "a" }),
      aBudget("model", { model: "GPT-4o" }),
      aBudget("both", { tenant: "a", model: "gpt-4o" }),
      aBudget("day", { tenant: "a", model: "gpt-4o" }, 10n, { window: "day" }),
    ];
    expect(shapeOf(budgets)).toEqual({ tenant: [], model: [], both: ["model", "tenant"], day: [] });
  });

  it("lets a tenant's budgets per model stand beside the one for its rest, and sums them up with other tenants", () => {
    const budgets = [
      aBudget("all", {}, 20n),
      aBudget("rest", { tenant: "a" }, 8n, { covers: "rest" }),
      aBudget("model", { tenant: "a", model: "m" }, 7n),
      aBudget("feature", { tenant: "a", feature: "f" }, 1n),
      aBudget("b", { tenant: "b" }, 9n),
    ];
    expect(shapeOf(budgets)).toEqual({ all: [], rest: ["all"], model: ["all"], feature: ["rest"], b: ["all"] });
    expect(budgetTree(budgets)[0]!.overCommitments).toEqual([
      { dimensions: ["tenant"], children: 3, childrenLimitNano: 24n, overNano: 4n },
    ]);
  });

  it("says by how much limits side by side exceed the one above them, with raises, and nothing of what fits", () => {
    const above = aBudget("all", {}, 20n, { raisedNano: 1n });
    const sides = [aBudget("a", { tenant: "a" }, 12n), aBudget("b", { tenant: "b" }, 10n, { raisedNano: 2n })];
    const crossing = [aBudget("m", { model: "m" }, 15n), aBudget("n", { model: "n" }, 6n)];
    const [node] = budgetTree([above, ...sides, ...crossing]);
    expect(node!.children).toEqual(["a", "b", "m", "n"]);
    expect(node!.overCommitments).toEqual([{ dimensions: ["tenant"], children: 2, childrenLimitNano: 24n, overNano: 3n }]);
  });

  it("has every call of a budget fall under all that are above it", () => {
    const value = fc.constantFrom("x", "y");
    const selector = fc.record({ tenant: value, team: value, model: value, feature: value }, { requiredKeys: [] });
    const budgets = fc.array(fc.record({ selector, rest: fc.boolean() }), { maxLength: 12 }).map((all) =>
      all.map((each, index) => {
        const isTenant = Object.keys(each.selector).join() === "tenant";
        return aBudget(String(index), each.selector, 1n, { covers: each.rest && isTenant ? "rest" : "all" });
      }),
    );
    fc.assert(
      fc.property(budgets, fc.record({ tenant: value, team: value, model: value, feature: value }), (all, call) => {
        const found = new Set(new BudgetIndex(all).matching(call).map(({ id }) => id));
        for (const { budget, parents } of budgetTree(all)) {
          if (!found.has(budget.id)) continue;
          // A budget for the rest does not count calls of a model with a budget of its own, whatever else they fall under.
          const counted = parents.filter((id) => all.find((each) => each.id === id)!.covers === "all");
          expect(counted.filter((id) => !found.has(id))).toEqual([]);
        }
      }),
    );
  });
});
