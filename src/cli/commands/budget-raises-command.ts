import type { Static } from "typebox";
import type { raisesAnswer } from "../../contract/budget-operations-contract.ts";
import { WINDOW_KINDS } from "../../core/time/window.ts";
import { clientFor } from "../api-client.ts";
import { type Command, SERVER_OPTIONS } from "../command.ts";
import { printTable } from "../print-table.ts";
import { oneOf } from "../read-number.ts";
import { WINDOW_OPTION } from "./budget-raise-command.ts";

const COLUMNS = [
  { title: "raise" },
  { title: "budget" },
  { title: "by_usd", align: "right" },
  { title: "begins" },
  { title: "ends" },
  { title: "state" },
  { title: "approver" },
  { title: "reason" },
] as const;

export const budgetRaisesCommand: Command = {
  name: "budget raises",
  summary: "Lists the raises in force and to come; of one budget those that are over too.",
  usage: "[budget]",
  options: [WINDOW_OPTION, ...SERVER_OPTIONS],
  async run(context) {
    const [budget] = context.words;
    const window = oneOf(context, "window", WINDOW_KINDS);
    const path = budget === undefined ? "/api/v1/raises" : `/api/v1/budgets/${encodeURIComponent(budget)}/raises`;
    const answer = await clientFor(context).get<Static<typeof raisesAnswer>>(path, budget === undefined ? {} : { window });
    const rows = answer.raises.map((raise) => [
      raise.id,
      raise.budget,
      raise.amount_usd,
      raise.begins_at,
      raise.ends_at,
      raise.ended_early ? `${raise.state}, early` : raise.state,
      raise.approver,
      raise.reason,
    ]);
    if (context.json) context.out(JSON.stringify(answer));
    else context.out(rows.length === 0 ? "There are no raises." : printTable(COLUMNS, rows));
    return 0;
  },
};
