import type { Static } from "typebox";
import type { approvalAnswer } from "../../contract/controls-contract.ts";
import { clientFor } from "../api-client.ts";
import { type Command, SERVER_OPTIONS } from "../command.ts";
import { oneOf } from "../read-number.ts";
import { approvalTable } from "./approval-list-command.ts";
import { REQUEST_ID_OPTION } from "./budget-raise-command.ts";

export const approvalAddCommand: Command = {
  name: "approval add",
  summary: "Records an approval for a time, such as use_case:ops_copilot for a security fix: the levers that it is about go off.",
  usage: "<subject>",
  options: [
    {
      name: "kind",
      type: "string",
      value: "kind",
      description: "exclusion: for work that the policy names; exec: for spending on",
      default: "exclusion",
    },
    { name: "reason", type: "string", value: "reason", description: "Of an exclusion: the policy's reason, such as security_fix" },
    {
      name: "approver",
      type: "string",
      value: "name",
      required: true,
      description: "Who decided it; of an exclusion whom the policy names",
    },
    { name: "until", type: "string", value: "instant", required: true, description: "When it ends, at most 31 days after it begins" },
    { name: "from", type: "string", value: "instant", description: "When it begins; now unless set" },
    REQUEST_ID_OPTION,
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const [subject = ""] = context.words;
    const wish = {
      subject,
      kind: oneOf(context, "kind", ["exclusion", "exec"]),
      reason: context.text("reason"),
      approver: context.text("approver"),
      from: context.text("from"),
      until: context.text("until"),
      request_id: context.text("request-id"),
    };
    const answer = await clientFor(context).post<Static<typeof approvalAnswer>>("/api/v1/approvals", wish);
    context.out(context.json ? JSON.stringify(answer) : approvalTable([answer.approval]));
    return 0;
  },
};
