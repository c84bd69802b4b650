import { describe, expect, it } from "vitest";
import type { Budget } from "../core/ledger/budget.ts";
import type { ScopeSelector } from "../core/scope/scope.ts";
import { budgetNotes } from "./budget-notes.ts";

const aBudget = (selector: ScopeSelector, covers: Budget["covers"] = "all") => ({ id: "b", selector, covers }) as Budget;
const notFiled = { budgetsInFile: new Set<string>() };

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

  it("warns of a budget that the configuration file names too", () => {
    expect(budgetNotes(aBudget({}), { budgetsInFile: new Set(["b"]) })[1]).toContain("ballast.yaml names this budget too");
  });
});
