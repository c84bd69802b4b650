import type { VerifyAnswer } from "../../contract/books-contract.ts";
import { clientFor } from "../api-client.ts";
import { type Command, SERVER_OPTIONS } from "../command.ts";
import { printable } from "../print-table.ts";

export const verifyCommand: Command = {
  name: "verify",
  summary: "Lets the server recompute every balance and compare ledger, API and warehouse; a finding is exit code 1.",
  usage: "",
  options: [...SERVER_OPTIONS],
  async run(context) {
    const answer = await clientFor(context).post<VerifyAnswer>("/api/v1/verify", {});
    if (context.json) context.out(JSON.stringify(answer));
    else for (const line of verifyLines(answer)) context.out(printable(line));
    return answer.ok ? 0 : 1;
  },
};

export function verifyLines(answer: VerifyAnswer): string[] {
  const { findings, entries, accounts, audit_rows, outbox, in_doubt_holds, warehouse } = answer;
  const compared = warehouse.checked ? `${warehouse.traces} traces of ${warehouse.booked_usd} USD` : "not compared";
  return [
    ...findings.map((finding) => `finding: ${finding}`),
    `${answer.ok ? "The books agree" : `${findings.length} finding(s)`}: ${entries} entries on ${accounts} accounts, ${audit_rows} audit rows.`,
    `Warehouse: ${compared}. Outbox: ${outbox.waiting} waiting, ${outbox.parked} parked. Holds in doubt: ${in_doubt_holds}.`,
  ];
}
