import type { ApprovalsAnswer, ApprovalView } from "../../contract/controls-contract.ts";
import { clientFor } from "../api-client.ts";
import { type Command, SERVER_OPTIONS } from "../command.ts";
import { printTable } from "../print-table.ts";

export const approvalListCommand: Command = {
  name: "approval list",
  summary: "Lists the approvals in force and to come; with --all those that are over too.",
  usage: "",
  options: [{ name: "all", type: "boolean", description: "Those that are over too" }, ...SERVER_OPTIONS],
  async run(context) {
    const query = context.flag("all") ? { state: "all" } : {};
    const answer = await clientFor(context).get<ApprovalsAnswer>("/api/v1/approvals", query);
    if (context.json) context.out(JSON.stringify(answer));
    else context.out(answer.approvals.length === 0 ? "There are no approvals." : approvalTable(answer.approvals));
    return 0;
  },
};

const TITLES = ["approval", "subject", "kind", "reason", "approver", "from", "until", "state"];

export function approvalTable(approvals: readonly ApprovalView[]): string {
  const rows = approvals.map((each) => [
    each.id,
    each.subject,
    each.kind,
    each.reason ?? "-",
    each.approver,
    each.from,
    each.until,
    each.state,
  ]);
  return printTable(
    TITLES.map((title) => ({ title })),
    rows,
  );
}
