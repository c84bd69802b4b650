import { scenarioView } from "../../contract/scenario-view.ts";
import { runScenarios } from "../../core/scenario/run-scenarios.ts";
import { runThrough } from "../../core/scenario/work-steps.ts";
import { seededDraws } from "../../std/seeded-draws.ts";
import { type Command, SERVER_OPTIONS } from "../command.ts";
import { costModelWorkbook } from "../cost-model/cost-model-workbook.ts";
import { printable } from "../print-table.ts";
import { drawPicture } from "../scenario/chart-picture.ts";
import { budgetSettings } from "../scenario/scenario-budgets.ts";
import { scenarioChart } from "../scenario/scenario-chart.ts";
import { scenarioMarkdown } from "../scenario/scenario-markdown.ts";
import { readScenarioSource, SCENARIO_OPTIONS } from "../scenario/scenario-source.ts";
import { scenarioTable } from "../scenario/scenario-table.ts";
import { whatIfLine, whatIfSum, withWhatIf } from "../scenario/what-if-options.ts";
import { writeReport } from "../write-report.ts";

export const scenarioCommand: Command = {
  name: "scenario",
  summary: "What volume, model mix, retrieval depth, cache hit and growth would cost: from a file, or from measured traffic.",
  usage: "",
  options: [
    ...SCENARIO_OPTIONS,
    { name: "markdown", type: "string", value: "file", description: "Write the report as Markdown, such as scenarios.md" },
    { name: "xlsx", type: "string", value: "file", description: "Write the cost model as a workbook with live formulas" },
    { name: "svg", type: "string", value: "file", description: "Write the charts as SVG" },
    { name: "png", type: "string", value: "file", description: "Write the charts as PNG; drawn by the Chromium or Chrome of this machine" },
    { name: "propose-budgets", type: "boolean", description: "Print monthly caps as budgets for ballast.yaml instead of the table" },
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const { plan, basis, notes } = await readScenarioSource(context);
    const tried = withWhatIf(plan, context);
    const report = runThrough(runScenarios(tried.plan, seededDraws));
    const answer = scenarioView(report);
    const sum = whatIfSum(report, tried);
    const first = sum ? [whatIfLine(sum)] : [];
    const [markdown, xlsx, svg, png] = ["markdown", "xlsx", "svg", "png"].map((name) => context.text(name));
    if (markdown !== undefined)
      writeReport(markdown, scenarioMarkdown(answer, { first, assumptions: [basis.inputs, basis.prices, ...notes] }));
    if (xlsx !== undefined) writeReport(xlsx, costModelWorkbook(report, basis));
    if (svg !== undefined) writeReport(svg, scenarioChart(answer));
    if (png !== undefined) writeReport(png, await drawPicture(scenarioChart(answer)));
    for (const note of notes) context.err(printable(note));
    if (context.json) context.out(JSON.stringify(sum ? { ...answer, what_if: sum } : answer));
    else if (context.flag("propose-budgets")) context.out(budgetSettings(answer));
    else context.out([...first.map(printable), scenarioTable(answer)].join("\n\n"));
    return 0;
  },
};
