import type { Static } from "typebox";
import type { resolveAnswer } from "../../contract/budgets-contract.ts";
import { clientFor } from "../api-client.ts";
import { type Command, SERVER_OPTIONS } from "../command.ts";
import { printable } from "../print-table.ts";

export const holdResolveCommand: Command = {
  name: "hold resolve",
  summary: "Says what a hold in doubt cost, from the provider's own records.",
  usage: "<id>",
  options: [
    { name: "cost-usd", type: "string", value: "usd", required: true, description: "What the provider billed; 0 when nothing" },
    { name: "reason", type: "string", value: "text", required: true, description: "How that is known, for the audit log" },
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const [id = ""] = context.words;
    // Text, so that no digit of the amount is lost on the way.
    const body = { cost_usd: context.text("cost-usd"), reason: context.text("reason") };
    const answer = await clientFor(context).post<Static<typeof resolveAnswer>>(`/api/v1/holds/${encodeURIComponent(id)}/resolve`, body);
    const { hold, booked_usd } = answer;
    context.out(
      context.json ? JSON.stringify(answer) : printable(`Booked ${booked_usd} USD for ${hold.id}; ${hold.held_usd} USD were held.`),
    );
    return 0;
  },
};
