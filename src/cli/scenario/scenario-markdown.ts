import type { ScenariosAnswer } from "../../contract/scenarios-contract.ts";
import { markdownCell } from "./markdown-cell.ts";
import { breakEvenLine, drawnLine, percent, scenarioCells, scenarioColumns } from "./scenario-table.ts";
import { scopeText } from "./scenario-words.ts";

/** scenarios.md: the answer, the table, what it rests on, what weighs most, and the caps that follow. */
export function scenarioMarkdown(
  answer: ScenariosAnswer,
  about: { readonly first: readonly string[]; readonly assumptions: readonly string[] },
): string {
  const parts = [
    `# ${markdownCell(answer.name)}`,
    ...about.first.map(markdownCell),
    table(scenarioColumns(), answer.scenarios.map(scenarioCells)),
  ];
  const mixes = answer.scenarios.flatMap(({ name, mix }) => {
    const shares = Object.entries(mix).map(([model, share]) => `${model} ${percent(share)}`);
    return shares.length > 0 ? [`Mix of ${name}: ${shares.join(", ")}.`] : [];
  });
  parts.push(
    "## Assumptions",
    [...about.assumptions, ...mixes, ...ALWAYS].map((line) => `- ${markdownCell(line)}`).join("\n"),
    "## Unit cost",
  );
  const names = Object.keys(answer.scenarios.find(({ components }) => components)?.components ?? {});
  const priced = answer.scenarios.flatMap(({ name, components, ucr_usd }) =>
    components ? [[name, ...names.map((component) => String((components as Record<string, string>)[component])), ucr_usd]] : [],
  );
  parts.push(
    priced.length > 0
      ? table(["scenario", ...names, "ucr usd"], priced)
      : "Every unit cost here was stated as one figure, not computed from prices.",
  );
  parts.push(
    "## Months",
    table(["scenario", "growth a month", "months", "first month", "last month", "in all"], answer.scenarios.map(monthCells)),
  );
  const drawn = answer.scenarios.filter(({ monte_carlo }) => monte_carlo).map(drawnLine);
  if (drawn.length > 0) parts.push("## Ranges", ...drawn.map(markdownCell));
  if (answer.break_even.length > 0) parts.push("## Break-even", ...answer.break_even.map(breakEvenLine).map(markdownCell));
  parts.push("## Sensitivity", `Each number over its range, or ${percent(answer.swing)} down and up where it has none; USD a month.`);
  for (const { name, sensitivity } of answer.scenarios) {
    const rows = sensitivity.map((bar) => [bar.figure, bar.low, bar.high, bar.run_rate_low_usd, bar.run_rate_high_usd]);
    parts.push(`### ${markdownCell(name)}`, table(["figure", "low", "high", "run-rate at low", "run-rate at high"], rows));
  }
  const caps = answer.proposed_budgets.map((budget) => [scopeText(budget.scope), budget.scenario, budget.planned_usd, budget.limit_usd]);
  parts.push("## Monthly caps", table(["scope", "carries", "planned usd", "cap usd"], caps));
  return `${parts.join("\n\n")}\n`;
}

const ALWAYS = [
  "A request from the cache pays no model, retrieval and rerank; vector I/O, orchestration and people are paid for every request.",
  "Amounts are exact and rounded up where they are shown: to a nano-dollar, a unit cost to 10^-12 dollars.",
];

function monthCells({ name, growth, months, total_usd }: ScenariosAnswer["scenarios"][number]): string[] {
  return [name, percent(growth), String(months.length), months[0]?.run_rate_usd ?? "", months.at(-1)?.run_rate_usd ?? "", total_usd];
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(markdownCell).join(" | ")} |`;
  return [line(titles), line(titles.map((_, index) => (index === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");
}
