import { centralPoint } from "../../core/scenario/evaluate-scenario.ts";
import { ZERO } from "../../core/scenario/rational.ts";
import type { ScenarioResult } from "../../core/scenario/run-scenarios.ts";
import type { FigureName } from "../../core/scenario/scenario-inputs.ts";
import type { Cell, CellLook, Sheet } from "../../std/xlsx-workbook.ts";
import { HEAD_ROWS, headOf, modelsOf } from "./cost-model-frame.ts";
import type { Placed } from "./inputs-sheet.ts";
import { formula } from "./ucr-sheet.ts";

/** More would be wider than the rest of the table; Inputs has them all. */
const MOST_MIX_COLUMNS = 8;

/** The table of the economics document: a row for each scenario. */
export function scenariosSheet(
  results: readonly ScenarioResult[],
  sources: { readonly inputs: Placed; readonly ucr: Placed; readonly runRatesOf: (scenario: number) => string },
): Sheet {
  const { inputs, ucr, runRatesOf } = sources;
  const models = modelsOf(results).slice(0, MOST_MIX_COLUMNS);
  const months = results[0]?.months.length ?? 0;
  const figures = [
    "monthly volume",
    "avg depth k",
    "cache hit",
    "p95 ms",
    "UCR USD",
    "run-rate USD",
    "growth a month",
    `${months} months USD`,
  ];
  const note = "All formulas but p95, which Ballast computed when it wrote this file. Run-rate is volume x UCR.";
  const rows = headOf("Scenarios", note, ["scenario", ...figures, ...models.map((model) => `mix: ${model}`)]);
  results.forEach(({ scenario, cost, latencyMsP95, totalUsd }, index) => {
    const number = rows.length + 1;
    const input = (figure: FigureName, look: CellLook): Cell =>
      formula(inputs.place(figure, index), centralPoint(scenario).get(figure) ?? ZERO, look);
    rows.push([
      { text: scenario.name },
      input("monthly_volume", "count"),
      input("depth_k", "number"),
      input("cache_hit", "share"),
      latencyMsP95 === undefined ? { text: "–" } : { number: latencyMsP95 },
      formula(ucr.place("ucr", index), cost.ucr, "unit"),
      formula(`B${number}*F${number}`, cost.runRate, "total"),
      input("growth", "share"),
      formula(`SUM(${runRatesOf(index)})`, totalUsd, "amount"),
      ...models.map((model) => (scenario.models.includes(model) ? input(`mix.${model}`, "share") : undefined)),
    ]);
  });
  return { name: "Scenarios", rows, widths: [44], frozen: { rows: HEAD_ROWS, columns: 1 } };
}
