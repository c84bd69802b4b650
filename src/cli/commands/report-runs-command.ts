import type { Static } from "typebox";
import type { runsAnswer } from "../../contract/runs-contract.ts";
import { RUN_KINDS } from "../../contract/usage-events-contract.ts";
import { RUN_STATES } from "../../core/unit-cost/run-state.ts";
import { writeCsv } from "../../std/csv-text.ts";
import { clientFor } from "../api-client.ts";
import { type Command, SERVER_OPTIONS } from "../command.ts";
import { markdownTable } from "../markdown-table.ts";
import { printTable } from "../print-table.ts";
import { oneOf } from "../read-number.ts";
import { formOf, PERIOD_OPTIONS, periodOf } from "../unit-cost-options.ts";

type RunsAnswer = Static<typeof runsAnswer>;

export const reportRunsCommand: Command = {
  name: "report runs",
  summary: "What runs, sessions, experiments and training jobs cost, and which are orphans or abandoned.",
  usage: "",
  options: [
    { name: "by", type: "string", value: "kind", description: `One of ${RUN_KINDS.join(", ")}`, default: "run" },
    { name: "state", type: "string", value: "state", description: `Only those that are ${RUN_STATES.join(", ")}` },
    { name: "tenant", type: "string", value: "name", description: "Only those of this tenant" },
    ...PERIOD_OPTIONS,
    { name: "markdown", type: "boolean", description: "Print a table of Markdown" },
    { name: "csv", type: "boolean", description: "Print CSV, without the total" },
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const form = formOf(context);
    const state = context.text("state") === undefined ? undefined : oneOf(context, "state", RUN_STATES);
    const query = { by: oneOf(context, "by", RUN_KINDS), state, tenant: context.text("tenant"), ...periodOf(context) };
    const answer = await clientFor(context).get<RunsAnswer>("/api/v1/runs", query);
    if (form === "json") context.out(JSON.stringify(answer));
    else context.out(form === "csv" ? runsCsv(answer) : runsText(answer, form === "markdown" ? markdownTable : printTable));
    return 0;
  },
};

const TEXTS = ["tenant", "name", "state", "started_at", "ended_at", "last_spent_at"] as const;
const FIGURES = ["calls", "unpriced", "requests_usd", "gpu_hours", "training_usd", "total_usd"] as const;

export function runsText({ from, to, by, rows, total }: RunsAnswer, table: typeof printTable): string {
  const columns = [...TEXTS.map((title) => ({ title })), ...FIGURES.map((title) => ({ title, align: "right" }) as const)];
  const body = rows.map((row) => [...TEXTS.map((name) => row[name] || "–"), ...FIGURES.map((name) => String(row[name]))]);
  const sums = [`${total.runs} in all`, ...TEXTS.slice(1).map(() => ""), ...FIGURES.map((name) => String(total[name]))];
  return `${from} to ${to}, by ${by}, in USD\n\n${table(columns, [...body, sums])}`;
}

export function runsCsv({ rows }: RunsAnswer): string {
  const names = [...TEXTS, "first_spent_at", ...FIGURES] as const;
  return writeCsv([[...names], ...rows.map((row) => names.map((name) => String(row[name] ?? "")))]);
}
