import type { ReplayAnswer } from "../../contract/alerts-contract.ts";
import { clientFor } from "../api-client.ts";
import { type Command, SERVER_OPTIONS } from "../command.ts";
import { printable } from "../print-table.ts";

export const alertReplayCommand: Command = {
  name: "alert replay",
  summary: "Sends again what could not be delivered and was given up; nothing to send is exit code 1.",
  usage: "<id>",
  options: [
    { name: "channel", type: "string", value: "name", description: "Only on this channel" },
    { name: "reason", type: "string", value: "text", description: "Why, for the audit log" },
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const [id = ""] = context.words;
    const body = { channel: context.text("channel"), reason: context.text("reason") };
    const answer = await clientFor(context).post<ReplayAnswer>(`/api/v1/alerts/${encodeURIComponent(id)}/replay`, body);
    const { alert, replayed } = answer;
    if (context.json) context.out(JSON.stringify(answer));
    else if (replayed === 0) context.out(printable(`${alert.title}: nothing was given up.`));
    else context.out(printable(`${alert.title}: ${replayed === 1 ? "1 delivery is" : `${replayed} deliveries are`} due again.`));
    return replayed > 0 ? 0 : 1;
  },
};
