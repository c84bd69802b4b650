import type { Static } from "typebox";
import type { unitCostsAnswer } from "../../contract/unit-costs-contract.ts";
import { COST_COMPONENTS } from "../../core/unit-cost/measures.ts";
import { writeCsv } from "../../std/csv-text.ts";
import { clientFor } from "../api-client.ts";
import { type Command, SERVER_OPTIONS } from "../command.ts";
import { markdownTable } from "../markdown-table.ts";
import { printTable, type TableColumn } from "../print-table.ts";
import { filtersOf, formOf, groupsOf, PERIOD_OPTIONS, periodOf, UNIT_COST_FILTER_OPTIONS } from "../unit-cost-options.ts";

type UnitCostsAnswer = Static<typeof unitCostsAnswer>;
type Figures = UnitCostsAnswer["total"];

export const reportUcrCommand: Command = {
  name: "report ucr",
  summary: "What a request costs, in seven components, per group.",
  usage: "",
  options: [
    {
      name: "group-by",
      type: "string",
      value: "groups",
      multiple: true,
      description:
        "List with commas of tenant, environment, feature, service, team, use_case, provider, model, run, session, experiment, job, day; use_case unless set",
    },
    ...PERIOD_OPTIONS,
    ...UNIT_COST_FILTER_OPTIONS,
    { name: "rolling", type: "boolean", description: "Add the cost of a request over the last 1 h, 24 h, 7 d and 30 d" },
    { name: "markdown", type: "boolean", description: "Print a table of Markdown" },
    { name: "csv", type: "boolean", description: "Print CSV, without the total" },
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const form = formOf(context);
    const groups = groupsOf(context);
    const query = {
      ...filtersOf(context),
      ...periodOf(context),
      group_by: groups.length === 0 ? "use_case" : groups.join(","),
      rolling: context.flag("rolling") ? "true" : undefined,
    };
    const answer = await clientFor(context).get<UnitCostsAnswer>("/api/v1/unit-costs", query);
    if (form === "json") context.out(JSON.stringify(answer));
    else context.out(form === "csv" ? unitCostsCsv(answer) : unitCostsText(answer, form === "markdown" ? markdownTable : printTable));
    return 0;
  },
};

const PER = ["total_usd", "per_request_usd", "per_inference_usd", "per_1k_tokens_usd"] as const;
const COUNTS = ["calls", "cached", "unpriced"] as const;
const COMPARED = ["baseline_usd", "deviation_percent", "revenue_usd", "margin_percent"] as const;

export function unitCostsText(answer: UnitCostsAnswer, table: typeof printTable): string {
  const { from, to, group_by: groups, rows, total } = answer;
  const all = [total, ...rows];
  // Columns that say something of some row; the components always.
  const compared = COMPARED.filter((name) => all.some((row) => row[name] !== null));
  const names = [...COUNTS, ...COST_COMPONENTS, ...PER, ...compared];
  const rolling = total.rolling ? Object.keys(total.rolling) : [];
  const business = [...new Set(all.flatMap((row) => Object.keys(row.business)))].sort();
  const right = (title: string) => ({ title, align: "right" }) as const;
  const columns: TableColumn[] = [
    ...groups.map((title) => ({ title })),
    ...[...names, ...rolling.map((window) => `last ${window}`), ...business.map((name) => `per ${name}`)].map(right),
  ];
  const cells = (row: Figures) => [
    ...names.map((name) => figureOf(row, name) || "–"),
    ...rolling.map((window) => row.rolling?.[window]?.per_request_usd ?? "–"),
    ...business.map((name) => row.business[name]?.usd_per_one ?? "–"),
  ];
  const body = rows.map((row) => [
    ...groups.map((group) => (row as unknown as Readonly<Record<string, string | undefined>>)[group] || "(none)"),
    ...cells(row),
  ]);
  const sums = [...groups.map((_, index) => (index === 0 ? "total" : "")), ...cells(total)];
  const lines = [`${from} to ${to}, in USD`, "", table(columns, groups.length === 0 ? [sums] : [...body, sums]), ...notesOf(answer)];
  return lines.join("\n");
}

/** What is not in the sums, by name. */
function notesOf({ total, unpriced_models: models, pools }: UnitCostsAnswer): string[] {
  const notes = [
    ...models.map(({ provider, model, calls }) => `${calls} calls of ${provider}/${model} have no known cost and are in no sum.`),
    ...total.unpriced_parts.map(
      ({ measure, reason, count }) => `${count} reports of ${measure} have no price (${reason}) and are in no sum.`,
    ),
    ...pools.flatMap(({ name, month, accrued_usd: usd, shared }) =>
      shared ? [] : [`The pool ${name} of ${month}, ${usd} USD so far, had no request to charge.`],
    ),
    ...(total.training_usd === "0"
      ? []
      : [`Training cost ${total.training_usd} USD more: ${total.gpu_hours} GPU hours, no part of requests.`]),
  ];
  return notes.length === 0 ? [] : ["", ...notes];
}

/** Values as they are in the answer; what is not known is empty. */
export function unitCostsCsv({ group_by: groups, rows }: UnitCostsAnswer): string {
  const names = [...COUNTS, "prompt_tokens", "gen_tokens", ...COST_COMPONENTS, ...PER, ...COMPARED, "training_usd", "gpu_hours"];
  const body = rows.map((row) => [
    ...groups.map((group) => (row as unknown as Readonly<Record<string, string | undefined>>)[group] ?? ""),
    ...names.map((name) => figureOf(row, name)),
  ]);
  return writeCsv([[...groups, ...names], ...body]);
}

function figureOf(row: Figures, name: string): string {
  const value = (row.components as Readonly<Record<string, string>>)[name] ?? (row as unknown as Readonly<Record<string, unknown>>)[name];
  return value === undefined || value === null ? "" : String(value);
}
