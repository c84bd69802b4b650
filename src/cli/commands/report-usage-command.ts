import type { Static } from "typebox";
import { COST_FILTERS, COST_GROUPS } from "../../contract/cost-groups.ts";
import { COST_WINDOWS, type costsAnswer } from "../../contract/costs-contract.ts";
import { writeCsv } from "../../std/csv-text.ts";
import { nearestWord } from "../../std/nearest-word.ts";
import { clientFor } from "../api-client.ts";
import { type Command, SERVER_OPTIONS } from "../command.ts";
import { printTable, type TableColumn } from "../print-table.ts";
import { oneOf } from "../read-number.ts";
import { UsageError } from "../usage-error.ts";

type CostsAnswer = Static<typeof costsAnswer>;

export const reportUsageCommand: Command = {
  name: "report usage",
  summary: "What calls used and cost, filtered and grouped.",
  usage: "",
  options: [
    {
      name: "since",
      type: "string",
      value: "window",
      description: `One of ${COST_WINDOWS.join(", ")}; month is the calendar month in UTC`,
      default: "month",
    },
    {
      name: "by",
      type: "string",
      value: "groups",
      multiple: true,
      description:
        "List with commas of tenant, feature, service, team, environment, use_case, provider, model, day, hour; tenant,model unless set",
    },
    ...COST_FILTERS.map((name) => {
      const description = `Only calls of this ${name.replace("_", " ")}`;
      return { name: optionOf(name), type: "string", value: "name", description } as const;
    }),
    { name: "csv", type: "boolean", description: "Print CSV, without the total" },
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const { json, out } = context;
    if (json && context.flag("csv")) throw new UsageError("--json and --csv exclude each other.", "Leave one out.");
    const window = oneOf(context, "since", COST_WINDOWS);
    const groups = readGroups(context.list("by"));
    const filters = Object.fromEntries(COST_FILTERS.map((name) => [name, context.text(optionOf(name))]));
    const group_by = groups.length === 0 ? "tenant,model" : groups.join(",");
    const answer = await clientFor(context).get<CostsAnswer>("/api/v1/costs", { ...filters, window, group_by });
    if (json) out(JSON.stringify(answer));
    else out(context.flag("csv") ? usageCsv(answer) : usageTable(answer));
    return 0;
  },
};

function optionOf(field: string): string {
  return field.replace("_", "-");
}

function readGroups(groups: readonly string[]): readonly string[] {
  const known: readonly string[] = COST_GROUPS;
  const stranger = groups.find((group) => !known.includes(group));
  if (stranger === undefined) return groups;
  const near = nearestWord(stranger, known);
  throw new UsageError(`--by ${stranger} is not known.`, near ? `Did you mean ${near}?` : `It is a list of ${known.join(", ")}.`);
}

const NUMBERS = ["calls", "refused", "cached", "unpriced", "in_doubt", "prompt_tokens", "gen_tokens", "cost_usd"] as const;
const LATENCIES = ["latency_ms_p50", "latency_ms_p95"] as const;

export function usageTable({ from, to, group_by, rows, total }: CostsAnswer): string {
  const numbers = [...NUMBERS, ...LATENCIES];
  const columns: TableColumn[] = [...group_by.map((title) => ({ title })), ...numbers.map((title) => ({ title, align: "right" }) as const)];
  const body = rows.map((row) => [
    ...group_by.map((group) => fieldOf(row, group) || "(none)"),
    ...NUMBERS.map((name) => String(row[name])),
    ...LATENCIES.map((name) => (row[name] === null ? "–" : row[name].toFixed(0))),
  ]);
  const sums = [...group_by.map((_, index) => (index === 0 ? "total" : "")), ...NUMBERS.map((name) => String(total[name])), "", ""];
  return `${from} to ${to}\n\n${printTable(columns, [...body, ...(group_by.length === 0 ? [] : [sums])])}`;
}

/** Values as they are in the answer; a call without the dimension has an empty field. */
export function usageCsv({ group_by, rows }: CostsAnswer): string {
  const names = [...group_by, ...NUMBERS, ...LATENCIES];
  return writeCsv([names, ...rows.map((row) => names.map((name) => fieldOf(row, name)))]);
}

function fieldOf(row: CostsAnswer["rows"][number], name: string): string {
  const value = (row as Readonly<Record<string, unknown>>)[name];
  return value === undefined || value === null ? "" : String(value);
}
