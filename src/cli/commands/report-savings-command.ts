import type { SavingsAnswer, UseCaseSavingView } from "../../contract/savings-contract.ts";
import { SCOREBOARD_COLUMNS } from "../../core/savings/savings-scoreboard.ts";
import { writeCsv } from "../../std/csv-text.ts";
import { clientFor } from "../api-client.ts";
import { type Command, SERVER_OPTIONS } from "../command.ts";
import { printTable } from "../print-table.ts";
import { formOf } from "../unit-cost-options.ts";
import { writeReport } from "../write-report.ts";

export const reportSavingsCommand: Command = {
  name: "report savings",
  summary: "What levers saved in a week, measured against the holdout, and the savings scoreboard.",
  usage: "",
  options: [
    { name: "week", type: "string", value: "week", description: "last, this, or a day of the week; last unless set" },
    { name: "use-case", type: "string", value: "name", description: "Only this use case" },
    { name: "csv", type: "boolean", description: "Print the scoreboard as CSV, with exactly the controls' header" },
    {
      name: "out",
      type: "string",
      short: "o",
      value: "file",
      description: "Write the scoreboard as CSV, such as to savings_scoreboard.csv, instead of printing it",
    },
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const form = formOf(context, ["csv"]);
    const file = context.text("out");
    const query = { week: context.text("week"), use_case: context.text("use-case") };
    const answer = await clientFor(context).get<SavingsAnswer>("/api/v1/savings", query);
    if (file !== undefined) writeReport(file, `${scoreboardCsv(answer)}\r\n`);
    if (form === "json") context.out(JSON.stringify(file === undefined ? answer : { file, rows: answer.scoreboard.length }));
    else if (file !== undefined) context.out(`${file} is written: ${answer.scoreboard.length} rows.`);
    else context.out(form === "csv" ? scoreboardCsv(answer) : savingsText(answer));
    if (form === "table" && file === undefined && answer.use_cases.length === 0 && query.week === undefined)
      context.out("This is last week; --week this is the one that runs.");
    return 0;
  },
};

export function scoreboardCsv({ scoreboard }: SavingsAnswer): string {
  return writeCsv([SCOREBOARD_COLUMNS, ...scoreboard.map((row) => SCOREBOARD_COLUMNS.map((name) => row[name]))]);
}

export function savingsText({ from, to, use_cases: useCases, scoreboard }: SavingsAnswer): string {
  const head = `${from} to ${to}, net of what the levers cost`;
  if (useCases.length === 0) return `${head}\n\nNo call of a use case was made in this week.`;
  const columns = ["use case", "calls", "holdout", "USD per call", "would have cost", "saved %", "95 % interval", "saved USD"];
  const rows = useCases.map(rowOf);
  const right = (title: string, index: number) => (index === 0 ? { title } : ({ title, align: "right" } as const));
  const lines = [head, "", printTable(columns.map(right), rows)];
  for (const each of useCases) {
    if (each.reason === null) continue;
    const needed = `${each.holdout.calls} calls in the holdout, ${each.needed_holdout_calls} needed`;
    lines.push("", `${each.use_case} is unknown: ${each.reason} (${needed}).`);
  }
  if (scoreboard.length === 0) return lines.join("\n");
  const shown = SCOREBOARD_COLUMNS.filter((name) => name !== "week_ending");
  const board = printTable(
    shown.map((title) => ({ title })),
    scoreboard.map((row) => shown.map((name) => row[name] || "–")),
  );
  return [...lines, "", board].join("\n");
}

function rowOf(each: UseCaseSavingView): string[] {
  const percent = each.saved_percent;
  return [
    each.use_case,
    String(each.treated.calls),
    String(each.holdout.calls),
    each.treated_usd_per_call ?? "–",
    each.holdout_usd_per_call ?? "–",
    percent?.value ?? "unknown",
    percent ? `${percent.low} to ${percent.high}` : "–",
    each.saved_usd?.value ?? "–",
  ];
}
