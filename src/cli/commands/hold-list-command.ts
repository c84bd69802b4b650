import type { Static } from "typebox";
import type { doubtfulHolds } from "../../contract/budgets-contract.ts";
import { clientFor } from "../api-client.ts";
import { type Command, SERVER_OPTIONS } from "../command.ts";
import { printTable, type TableColumn } from "../print-table.ts";
import { wholeNumber } from "../read-number.ts";

export const holdListCommand: Command = {
  name: "hold list",
  summary: "Lists the holds in doubt: calls that may have been billed at a cost not known yet.",
  usage: "",
  options: [
    { name: "limit", type: "string", value: "count", description: "How many at most, 1 to 1000", default: "100" },
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const limit = String(wholeNumber(context, "limit", 1, 1000));
    const answer = await clientFor(context).get<Static<typeof doubtfulHolds>>("/api/v1/holds/in-doubt", { limit });
    if (context.json) context.out(JSON.stringify(answer));
    else context.out(answer.holds.length === 0 ? "No hold is in doubt." : holdTable(answer.holds));
    return 0;
  },
};

export function holdTable(holds: Static<typeof doubtfulHolds>["holds"]): string {
  const columns: TableColumn[] = [
    { title: "id" },
    { title: "held_usd", align: "right" },
    { title: "since" },
    { title: "reason" },
    { title: "accounts" },
  ];
  return printTable(
    columns,
    holds.map(({ id, held_usd, since, reason, accounts }) => [id, held_usd, since, reason, accounts.join(" ")]),
  );
}
