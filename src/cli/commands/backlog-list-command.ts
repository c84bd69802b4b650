import type { BacklogAnswer, ExpectationView } from "../../contract/backlog-contract.ts";
import { COST_WINDOWS } from "../../contract/costs-contract.ts";
import { BACKLOG_STATUSES } from "../../core/backlog/backlog-item.ts";
import { clientFor } from "../api-client.ts";
import { type Command, type CommandContext, type CommandOption, SERVER_OPTIONS } from "../command.ts";
import { printTable } from "../print-table.ts";
import { oneOf } from "../read-number.ts";
import { scopeText } from "../scenario/scenario-words.ts";

export const SINCE_OPTION: CommandOption = {
  name: "since",
  type: "string",
  value: "window",
  default: "30d",
  description: `Calls that savings are computed from: one of ${COST_WINDOWS.join(", ")}`,
};

const COLUMNS = [
  { title: "item" },
  { title: "lever" },
  { title: "scope" },
  { title: "target" },
  { title: "measured" },
  { title: "usd a month", align: "right" },
  { title: "of cost", align: "right" },
  { title: "calls", align: "right" },
  { title: "owner" },
  { title: "eta" },
  { title: "status" },
] as const;

export const backlogListCommand: Command = {
  name: "backlog list",
  summary: "Lists the optimisation backlog, with what each item would save of the measured calls.",
  usage: "",
  options: [
    SINCE_OPTION,
    { name: "status", type: "string", value: "status", description: `Only items that are ${BACKLOG_STATUSES.join(", ")}` },
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const answer = await askBacklog(context, oneOf(context, "status", BACKLOG_STATUSES));
    if (context.json) context.out(JSON.stringify(answer));
    else context.out(answer.items.length === 0 ? "The backlog is empty." : backlogTable(answer));
    return 0;
  },
};

export function askBacklog(context: CommandContext, status?: string): Promise<BacklogAnswer> {
  return clientFor(context).get<BacklogAnswer>("/api/v1/backlog", { window: oneOf(context, "since", COST_WINDOWS), status });
}

function backlogTable({ from, to, items }: BacklogAnswer): string {
  const rows = items.map(({ id, lever, scope, target, owner, eta, status, expectation }) => [
    id,
    lever,
    scopeText(scope),
    target,
    expectation.baseline ?? "–",
    expectation.saving_usd_month ?? "unknown",
    expectation.saving_percent === null ? "–" : `${expectation.saving_percent}%`,
    String(expectation.calls),
    owner || "–",
    eta ?? "–",
    status,
  ]);
  const why = items.flatMap(({ id, expectation: { reason } }) => (reason === null ? [] : [`${id} is unknown: ${reason}.`]));
  return [`${from} to ${to}`, printTable(COLUMNS, rows), ...(why.length > 0 ? [why.join("\n")] : []), OVERLAP].join("\n\n");
}

export const OVERLAP = "Each saving is of its lever alone: those of two levers on the same calls do not add up.";

/** "4.2 USD a month (12.5% of what these 100 calls cost)" or why it is not known. */
export function savingText({ saving_usd_month, saving_percent, calls, reason }: ExpectationView): string {
  if (saving_usd_month === null) return `unknown: ${reason}`;
  return `${saving_usd_month} USD a month${saving_percent === null ? "" : ` (${saving_percent}% of what ${calls} calls cost)`}`;
}
