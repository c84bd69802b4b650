import { scenarioView } from "../../contract/scenario-view.ts";
import { runScenarios } from "../../core/scenario/run-scenarios.ts";
import { runThrough } from "../../core/scenario/work-steps.ts";
import { seededDraws } from "../../std/seeded-draws.ts";
import { type Command, SERVER_OPTIONS } from "../command.ts";
import { costModelWorkbook } from "../cost-model/cost-model-workbook.ts";
import { printable } from "../print-table.ts";
import { readScenarioSource, SCENARIO_OPTIONS } from "../scenario/scenario-source.ts";
import { withWhatIf } from "../scenario/what-if-options.ts";
import { writeReport } from "../write-report.ts";

const DEFAULT_WINDOW = "7d";

export const reportCostModelCommand: Command = {
  name: "report cost-model",
  summary: "Writes the cost model as a workbook with live formulas: inputs, prices, unit costs, scenarios and months.",
  usage: "",
  options: [
    { name: "out", type: "string", short: "o", value: "file", default: "cost_model.xlsx", description: "The workbook" },
    ...SCENARIO_OPTIONS.map((option) =>
      option.name === "from-traffic"
        ? { ...option, description: `${option.description}; ${DEFAULT_WINDOW} unless --file is given` }
        : option,
    ),
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const file = context.text("out")!;
    const source = await readScenarioSource(context, DEFAULT_WINDOW);
    const report = runThrough(runScenarios(withWhatIf(source.plan, context).plan, seededDraws));
    writeReport(file, costModelWorkbook(report, source.basis));
    for (const note of source.notes) context.err(printable(note));
    if (context.json) {
      context.out(JSON.stringify({ file, ...scenarioView(report) }));
      return 0;
    }
    context.out(`${file}: ${report.results.length} scenarios. ${source.basis.inputs}`);
    context.out("Change what is blue in Inputs and Prices; UCR, Scenarios and Months follow.");
    return 0;
  },
};
