import type { AlertAnswer } from "../../contract/alerts-contract.ts";
import { clientFor } from "../api-client.ts";
import { type Command, SERVER_OPTIONS } from "../command.ts";
import { printable } from "../print-table.ts";

export const alertAckCommand: Command = {
  name: "alert ack",
  summary: "Says that somebody takes care of an alert, so that it escalates no further. Doing it again changes nothing.",
  usage: "<id>",
  options: [{ name: "reason", type: "string", value: "text", description: "Who and how, for the audit log" }, ...SERVER_OPTIONS],
  async run(context) {
    const [id = ""] = context.words;
    const reason = context.text("reason");
    const path = `/api/v1/alerts/${encodeURIComponent(id)}/ack`;
    const answer = await clientFor(context).post<AlertAnswer>(path, reason === undefined ? {} : { reason });
    const { alert } = answer;
    context.out(
      context.json
        ? JSON.stringify(answer)
        : printable(`${alert.title}: acknowledged by ${alert.acknowledged_by} since ${alert.acknowledged_at}.`),
    );
    return 0;
  },
};
