import type { TreeAnswer } from "../../contract/budget-operations-contract.ts";
import { clientFor } from "../api-client.ts";
import { type Command, SERVER_OPTIONS } from "../command.ts";
import { printable, printTable } from "../print-table.ts";

type Node = TreeAnswer["budgets"][number];

export const budgetTreeCommand: Command = {
  name: "budget tree",
  summary: "Shows which budgets lie within which, and where limits side by side sum to more than the one above them.",
  usage: "",
  options: [...SERVER_OPTIONS],
  async run(context) {
    const answer = await clientFor(context).get<TreeAnswer>("/api/v1/budgets/tree");
    if (context.json) {
      context.out(JSON.stringify(answer));
      return 0;
    }
    context.out(answer.budgets.length === 0 ? "There are no budgets. Set one with: ballast budget set" : treeTable(answer.budgets));
    for (const warning of answer.warnings) context.err(printable(warning));
    return 0;
  },
};

function treeTable(budgets: readonly Node[]): string {
  const byId = new Map(budgets.map((budget) => [budget.id, budget]));
  const shown = new Set<string>();
  const rows: string[][] = [];
  // What has several parents is drawn in full under the first.
  const draw = (node: Node, depth: number) => {
    const again = shown.has(node.id) && node.children.length > 0;
    const name = `${"  ".repeat(depth)}${node.id}${again ? ", see above" : ""}`;
    rows.push([name, node.window, node.limit_usd, node.spent_usd, node.hard ? "hard" : "soft"]);
    if (shown.has(node.id)) return;
    shown.add(node.id);
    for (const child of node.children) draw(byId.get(child)!, depth + 1);
  };
  for (const node of budgets) if (node.parents.length === 0) draw(node, 0);
  const money = ["limit_usd", "spent_usd"].map((title) => ({ title, align: "right" }) as const);
  return printTable([{ title: "budget" }, { title: "window" }, ...money, { title: "kind" }], rows);
}
