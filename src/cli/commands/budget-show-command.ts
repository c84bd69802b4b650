import type { BudgetView, RaiseView } from "../../contract/budgets-contract.ts";
import { Problem } from "../../contract/problem.ts";
import { clientFor } from "../api-client.ts";
import { type Command, SERVER_OPTIONS } from "../command.ts";
import { everyBudget } from "../every-budget.ts";
import { printable } from "../print-table.ts";
import { budgetTable, scopeText } from "./budget-list-command.ts";

export const budgetShowCommand: Command = {
  name: "budget show",
  summary: "Shows the budgets of a scope in full.",
  usage: "<scope>",
  options: [...SERVER_OPTIONS],
  async run(context) {
    const [scope = ""] = context.words;
    const budgets = await everyBudget(clientFor(context));
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
  const facts: [string, string][] = [
    ["id", id],
    ["account", account.id],
    ["window", `${account.window_start} to ${account.window_end}, days of ${zone}`],
    ["limit_usd", limitText(budget)],
    ["credited_usd", account.credited_usd],
    ["leased_usd", account.leased_usd],
    ["overrun_usd", account.overrun_usd],
    ["when short", [on_short, budget[on_short as "template"]].filter(Boolean).join(": ")],
    // An older server has none, and denies.
    ["store down", budget.on_store_down ?? "deny"],
    ["thresholds", thresholds.map((percent) => `${percent} %`).join(", ") || "none"],
    ["warns above", `${warn_percent} %`],
    ["covers", covers],
    ["tier", budget.tier ?? "none"],
    ["set by", origin],
  ];
  for (const raise of budget.raises ?? []) facts.push(["raise", raiseText(raise)]);
  const lines = facts.map(([name, value]) => printable(`${name.padEnd(12)}  ${value}`));
  return [budgetTable([budget]), "", ...lines].join("\n");
}

/** A raised limit with its parts. */
function limitText({ limit_usd, account }: BudgetView): string {
  return account.limit_usd === limit_usd ? limit_usd : `${account.limit_usd} with raises, ${limit_usd} without`;
}

/** "+500 USD from ... until ..., active, approved by CFO: launch (raise_1)" */
export function raiseText({ id, amount_usd, begins_at, ends_at, state, approver, reason, ended_early }: RaiseView): string {
  const early = ended_early ? ", ended early" : "";
  return `+${amount_usd} USD from ${begins_at} until ${ends_at}, ${state}${early}, approved by ${approver}: ${reason} (${id})`;
}
