import { scenarioView } from "../../contract/scenario-view.ts";
import type { ScenarioReport } from "../../core/scenario/run-scenarios.ts";
import { xlsxWorkbook } from "../../std/xlsx-workbook.ts";
import { analysisSheet } from "./analysis-sheet.ts";
import { inputsSheet } from "./inputs-sheet.ts";
import { monthsSheet } from "./months-sheet.ts";
import { pricesSheet } from "./prices-sheet.ts";
import { scenariosSheet } from "./scenarios-sheet.ts";
import { ucrSheet } from "./ucr-sheet.ts";

/** What a reader should know of where the figures come from, at the head of the sheets that hold them. */
export interface CostModelNotes {
  readonly inputs: string;
  readonly prices: string;
}

/**
 * The cost model as a workbook with live formulas: change what is blue, and unit costs, run-rates and months follow as Ballast would
 * compute them, to the 15 digits that a spreadsheet has.
 */
export function costModelWorkbook(report: ScenarioReport, notes: CostModelNotes): Uint8Array {
  const { results } = report;
  const inputs = inputsSheet(results, `${report.plan.name}. ${notes.inputs} Blue cells are there to be changed.`);
  const prices = pricesSheet(results, notes.prices);
  const ucr = ucrSheet(results, inputs, prices);
  const months = monthsSheet(results, { inputs, prices, ucr });
  const scenarios = scenariosSheet(results, { inputs, ucr, runRatesOf: months.runRatesOf });
  return xlsxWorkbook([inputs.sheet, prices.sheet, ucr.sheet, scenarios, months.sheet, analysisSheet(scenarioView(report))]);
}
