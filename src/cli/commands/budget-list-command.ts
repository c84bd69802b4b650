import type { BudgetView } from "../../contract/budgets-contract.ts";
import { selectorKey } from "../../core/scope/scope.ts";
import { clientFor } from "../api-client.ts";
import { type Command, SERVER_OPTIONS } from "../command.ts";
import { everyBudget } from "../every-budget.ts";
import { printTable, type TableColumn } from "../print-table.ts";

export const budgetListCommand: Command = {
  name: "budget list",
  summary: "Lists every budget with what is used of it in the current window.",
  usage: "",
  options: [...SERVER_OPTIONS],
  async run(context) {
    const budgets = await everyBudget(clientFor(context));
    if (context.json) context.out(JSON.stringify({ budgets }));
    else context.out(budgets.length === 0 ? "There are no budgets. Set one with: ballast budget set" : budgetTable(budgets));
    return 0;
  },
};

const MONEY = ["limit_usd", "spent_usd", "held_usd", "in_doubt_usd", "free_usd", "used %"] as const;

/** Amounts as the server wrote them: exact, in USD. */
export function budgetTable(budgets: readonly BudgetView[]): string {
  const left = ["scope", "window"].map((title) => ({ title }));
  const columns: TableColumn[] = [
    ...left,
    ...MONEY.map((title) => ({ title, align: "right" }) as const),
    { title: "kind" },
    { title: "resets" },
  ];
  // The limit in force; an older server has only the budget's own.
  const rows = budgets.map(({ scope, window, limit_usd, hard, account }) => [
    scopeText(scope),
    window,
    account.limit_usd ?? limit_usd,
    account.spent_usd,
    account.held_usd,
    account.in_doubt_usd,
    account.free_usd,
    String(account.percent_used),
    hard ? "hard" : "soft",
    window === "run" ? "never" : account.window_end,
  ]);
  return printTable(columns, rows);
}

/** As the commands take it: "tenant=acme,model=gpt-4o", and "*" for every call. */
export function scopeText(scope: BudgetView["scope"]): string {
  return selectorKey(scope) || "*";
}
