import { describe, expect, it } from "vitest";
import type { Budget } from "../core/ledger/budget.ts";
import { usd } from "../core/money/usd.ts";
import type { ScopeSelector } from "../core/scope/scope.ts";
import { budgetNotes } from "./budget-notes.ts";

const aBudget = (selector: ScopeSelector, covers: Budget["covers"] = "all") =>
  ({ id: "b", selector, covers, limitNano: 1n, window: "month" }) as Budget;
const notFiled = { budgetsInFile: new Set<string>(), budgets: { lasting: () => [] } };

describe("budgetNotes", () => {
  it.each([
    [{}, "all", "It covers every call."],
    [{ tenant: "acme" }, "all", "It covers every call of tenant acme, those with a narrower budget of their own too."],
    [{ tenant: "acme" }, "rest", "It covers every call of tenant acme whose model has no budget of its own."],
    [{ model: "gpt-4o", tenant: "acme" }, "all", "It covers every call of tenant acme and model gpt-4o."],
    [{ use_case: "support", model: "m", team: "core" }, "all", "It covers every call of team core, use case support and model m."],
  ] as const)("says of %j, %s: %s", (selector, covers, sentence) => {
    expect(budgetNotes(aBudget(selector, covers), notFiled)).toEqual([sentence]);
  });

  it("warns where budgets side by side may spend more than the one above them, of the one that was set and of its parents", () => {
    const all = { ...aBudget({}), id: "*", limitNano: usd("20") };
    const [a, b] = ["a", "b"].map((tenant) => ({ ...aBudget({ tenant }), id: tenant, limitNano: usd("12.5") }));
    const deps = { ...notFiled, budgets: { lasting: () => [all, a!, b!] } };
    const warning =
      "The 2 budgets within * that differ by tenant may spend 25 USD together, 5 more than its 20: it will refuse before they do.";
    expect(budgetNotes(b!, deps)[1]).toBe(warning);
    expect(budgetNotes(all, deps)[1]).toBe(warning);
    expect(budgetNotes({ ...b!, limitNano: usd("7.5") }, deps)).toHaveLength(1);
    const alone = budgetNotes({ ...b!, limitNano: usd("21") }, { ...deps, budgets: { lasting: () => [all] } });
    expect(alone[1]).toBe("A budget within * may spend 21 USD, 1 more than its 20: it will refuse before they do.");
  });

  it("warns of a budget that the configuration file names too", () => {
    expect(budgetNotes(aBudget({}), { ...notFiled, budgetsInFile: new Set(["b"]) })[1]).toContain("ballast.yaml names this budget too");
  });
});
