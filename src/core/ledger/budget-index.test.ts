import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Scope, selectorKey } from "../scope/scope.ts";
import type { Budget } from "./budget.ts";
import { BudgetIndex, hasTenantBudget } from "./budget-index.ts";

function aBudget(selector: Budget["selector"], more: Partial<Budget> = {}): Budget {
  const limits = { limitNano: 1n, window: "month", zone: "UTC", hard: true, onShort: "deny", thresholds: [], warnPercent: 80 } as const;
  return { ...limits, id: selectorKey(selector), selector, covers: "all", origin: "api", createdAt: 0, updatedAt: 0, ...more };
}

describe("BudgetIndex", () => {
  it("finds exactly the budgets whose every dimension is equal, however they are spread", () => {
    const value = fc.constantFrom("a", "b", "c");
    const selector = fc.record({ tenant: value, team: value, model: value, feature: value }, { requiredKeys: [] });
    fc.assert(
      fc.property(fc.array(selector), selector, (selectors, wanted) => {
        const unique = [...new Map(selectors.map((each) => [selectorKey(each), each])).values()].filter(
          (each) => Object.keys(each).length > 0,
        );
        const index = new BudgetIndex(unique.map((each) => aBudget(each)));
        const scope: Scope = { tenant: "z", ...wanted };
        const expected = unique.filter((each) => Object.entries(each).every(([dimension, own]) => scope[dimension as keyof Scope] === own));
        expect(
          index
            .matching(scope)
            .map((budget) => budget.id)
            .sort(),
        ).toEqual(expected.map(selectorKey).sort());
      }),
    );
  });

  it("leaves a rest budget out where the model has one of its own", () => {
    const index = new BudgetIndex([aBudget({ tenant: "a" }, { covers: "rest" }), aBudget({ tenant: "a", model: "m" })]);
    expect(index.matching({ tenant: "a", model: "m" }).map((budget) => budget.id)).toEqual(["tenant=a,model=m"]);
    expect(index.matching({ tenant: "a", model: "n" }).map((budget) => budget.id)).toEqual(["tenant=a"]);
  });

  it("finds a budget on the listed name for every name that the list has for the model, in any case", () => {
    const index = new BudgetIndex([
      aBudget({ tenant: "a" }, { covers: "rest" }),
      aBudget({ tenant: "a", model: "gpt-4o" }),
      aBudget({ model: "GPT-4o-2024-08-06" }),
    ]);
    const found = (model: string) => index.matching({ tenant: "a", model, listedModel: "gpt-4o" }).map((budget) => budget.id);
    expect(found("gpt-4o")).toEqual(["tenant=a,model=gpt-4o"]);
    expect(found("GPT-4O")).toEqual(["tenant=a,model=gpt-4o"]);
    expect(found("gpt-4o-2024-08-06")).toEqual(["tenant=a,model=gpt-4o", "model=GPT-4o-2024-08-06"]);
  });

  it("knows whether a default is due", () => {
    const index = new BudgetIndex([aBudget({ tenant: "a", model: "m" }), aBudget({ team: "t" })]);
    const has = (scope: Scope) => hasTenantBudget(index.matching(scope));
    expect([has({ tenant: "a", model: "m" }), has({ tenant: "a", model: "n" }), has({ tenant: "b", team: "t" })]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it("forgets a budget that is removed and keeps one copy of a changed one", () => {
    const index = new BudgetIndex([aBudget({ tenant: "a" })]);
    index.put(aBudget({ tenant: "a" }, { limitNano: 5n }));
    expect(index.matching({ tenant: "a" }).map((budget) => budget.limitNano)).toEqual([5n]);
    index.remove("tenant=a");
    expect(index.matching({ tenant: "a" })).toEqual([]);
  });

  it("finds by tenant and by exact scope what a walk over all budgets finds, after any history", () => {
    const value = fc.constantFrom("a", "b", "B");
    const selector = fc.record({ tenant: value, team: value, model: value }, { requiredKeys: [] });
    const step = fc.record({ selector, remove: fc.boolean(), window: fc.constantFrom("day", "month") });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), selector, (steps, wanted) => {
        const index = new BudgetIndex();
        for (const { selector: of, remove, window } of steps) {
          const id = `${selectorKey(of)}/${window}`;
          if (remove) index.remove(id);
          else index.put(aBudget(of, { id, window }));
        }
        const ids = (budgets: readonly Budget[]) => budgets.map(({ id }) => id).sort();
        const folded = (of: Budget["selector"]) => selectorKey({ ...of, model: of.model?.toLowerCase() } as Budget["selector"]);
        expect(ids(index.ofSelector(wanted))).toEqual(ids(index.all().filter((each) => folded(each.selector) === folded(wanted))));
        expect(ids(index.ofTenant("a"))).toEqual(ids(index.all().filter((each) => each.selector.tenant === "a")));
      }),
    );
  });
});
