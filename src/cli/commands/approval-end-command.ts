import type { Static } from "typebox";
import type { approvalAnswer } from "../../contract/controls-contract.ts";
import { clientFor } from "../api-client.ts";
import { type Command, SERVER_OPTIONS } from "../command.ts";
import { approvalTable } from "./approval-list-command.ts";

export const approvalEndCommand: Command = {
  name: "approval end",
  summary: "Ends an approval before its time. Doing it again changes nothing.",
  usage: "<approval>",
  options: [{ name: "reason", type: "string", value: "text", description: "Why, for the audit log" }, ...SERVER_OPTIONS],
  async run(context) {
    const [id = ""] = context.words;
    const reason = context.text("reason");
    const path = `/api/v1/approvals/${encodeURIComponent(id)}/end`;
    const answer = await clientFor(context).post<Static<typeof approvalAnswer>>(path, reason === undefined ? {} : { reason });
    context.out(context.json ? JSON.stringify(answer) : approvalTable([answer.approval]));
    return 0;
  },
};
