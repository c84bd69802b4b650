import type { Static } from "typebox";
import type { BudgetView, budgetsAnswer } from "../../contract/budgets-contract.ts";
import { Problem } from "../../contract/problem.ts";
import { clientFor } from "../api-client.ts";
import { type Command, SERVER_OPTIONS } from "../command.ts";
import { printable } from "../print-table.ts";
import { budgetTable, scopeText } from "./budget-list-command.ts";

export const budgetShowCommand: Command = {
  name: "budget show",
  summary: "Shows the budgets of a scope in full.",
  usage: "<scope>",
  options: [...SERVER_OPTIONS],
  async run(context) {
    const [scope = ""] = context.words;
    const { budgets } = await clientFor(context).get<Static<typeof budgetsAnswer>>("/api/v1/budgets");
    const found = budgets.filter((budget) => budget.id === scope || isScope(budget, scope));
    if (found.length === 0) throw new Problem("not_found", { scope }, { message: `There is no budget of ${scope}.` });
    if (context.json) context.out(JSON.stringify({ budgets: found }));
    else context.out(found.map(budgetText).join("\n\n"));
    return 0;
  },
};

/** Whether the text names the budget's scope, in whatever order. */
export function isScope(budget: Pick<BudgetView, "scope">, text: string): boolean {
  const own = scopeText(budget.scope).split(",").map(decodeURIComponent).sort();
  return own.join() === text.split(",").map(decoded).sort().join();
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function budgetText(budget: BudgetView): string {
  const { id, zone, on_short, thresholds, warn_percent, covers, origin, account } = budget;
  const facts: readonly (readonly [string, string])[] = [
    ["id", id],
    ["account", account.id],
    ["window", `${account.window_start} to ${account.window_end}, days of ${zone}`],
    ["leased_usd", account.leased_usd],
    ["overrun_usd", account.overrun_usd],
    ["when short", [on_short, budget[on_short as "template"]].filter(Boolean).join(": ")],
    ["thresholds", thresholds.map((percent) => `${percent} %`).join(", ") || "none"],
    ["warns above", `${warn_percent} %`],
    ["covers", covers],
    ["set by", origin],
  ];
  const lines = facts.map(([name, value]) => printable(`${name.padEnd(12)}  ${value}`));
  return [budgetTable([budget]), "", ...lines].join("\n");
}
