import type { Static } from "typebox";
import type { costChangeAnswer } from "../../contract/unit-costs-contract.ts";
import { clientFor } from "../api-client.ts";
import { type Command, SERVER_OPTIONS } from "../command.ts";
import { markdownTable } from "../markdown-table.ts";
import { printTable, type TableColumn } from "../print-table.ts";
import { filtersOf, formOf, UNIT_COST_FILTER_OPTIONS } from "../unit-cost-options.ts";

type CostChangeAnswer = Static<typeof costChangeAnswer>;

export const reportWhyCommand: Command = {
  name: "report why",
  summary: "What a request cost, against the period before, and why that changed: by volume, models, prices, length and cache.",
  usage: "",
  options: [
    {
      name: "week",
      type: "string",
      value: "week",
      description: "last, this, or a day of the week, against the week before; last unless --from is given",
    },
    { name: "from", type: "string", value: "time", description: "First day or instant, in place of --week; compared with as long before" },
    { name: "to", type: "string", value: "time", description: "First day or instant after the end" },
    ...UNIT_COST_FILTER_OPTIONS,
    { name: "markdown", type: "boolean", description: "Print tables of Markdown" },
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const form = formOf(context, ["markdown"]);
    const query = { ...filtersOf(context), week: context.text("week"), from: context.text("from"), to: context.text("to") };
    const answer = await clientFor(context).get<CostChangeAnswer>("/api/v1/unit-costs/change", query);
    context.out(form === "json" ? JSON.stringify(answer) : costChangeText(answer, form === "markdown" ? markdownTable : printTable));
    return 0;
  },
};

const WORDS: Readonly<Record<string, string>> = {
  volume: "more or fewer requests",
  mix: "other models",
  price: "prices of models",
  input_length: "input tokens per call",
  output_length: "output tokens per call",
  cached_input: "input read from the provider's cache",
  answered_from_cache: "answers given again",
  vector_io: "vector reads and writes",
  human: "people's minutes",
};

/** Which of the two periods is empty, and what to ask instead. */
function nothingToCompare({ before, after }: CostChangeAnswer, day: (text: string) => string): string {
  const empty = [before, after].filter(({ requests }) => requests === 0).map(({ from, to }) => `from ${day(from)} to ${day(to)}`);
  if (empty.length === 0) return "The cost of no request is known in one of the two, so there is nothing to compare.";
  const instead = "Ask for another week (--week this), or for a period with calls before it (--from, --to).";
  return `There were no requests ${empty.join(" and ")}, so there is nothing to compare. ${instead}`;
}

export function costChangeText(answer: CostChangeAnswer, table: typeof printTable): string {
  const { before, after, per_request: perRequest, total, filter } = answer;
  const whose =
    Object.entries(filter)
      .map(([name, value]) => `${name}=${value}`)
      .join(", ") || "all requests";
  const right = (title: string) => ({ title, align: "right" }) as const;
  const columns: TableColumn[] = [{ title: "USD" }, right("before"), right("after"), right("change"), right("%")];
  const day = (text: string) => text.replace("T00:00:00.000Z", "");
  const head = `${whose}: ${day(after.from)} to ${day(after.to)} against ${day(before.from)} to ${day(before.to)}`;
  const percent = (change: CostChangeAnswer["total"]) => change?.change_percent ?? "–";
  const rows = [
    ["per request", before.per_request_usd ?? "–", after.per_request_usd ?? "–", signed(perRequest?.change_usd), percent(perRequest)],
    ["total", before.total_usd, after.total_usd, signed(total?.change_usd), percent(total)],
    ["requests", String(before.requests), String(after.requests), "", ""],
  ];
  const lines = [head, "", table(columns, rows)];
  if (!perRequest || !total) return [...lines, "", nothingToCompare(answer, day)].join("\n");
  const causes = perRequest.parts.map(({ cause, usd }, index) => [WORDS[cause] ?? cause, signed(usd), signed(total.parts[index]!.usd)]);
  const said = causes.filter(([, one, all]) => one !== "0" || all !== "0");
  const sums = ["the change", signed(perRequest.change_usd), signed(total.change_usd)];
  lines.push("", table([{ title: "because of" }, right("per request"), right("total")], [...said, sums]));
  for (const { unpriced, from } of [before, after]) {
    if (unpriced > 0) lines.push("", `${unpriced} calls from ${day(from)} on have no known cost and are left out.`);
  }
  return lines.join("\n");
}

function signed(text: string | undefined): string {
  if (text === undefined) return "–";
  return text.startsWith("-") || text === "0" ? text : `+${text}`;
}
