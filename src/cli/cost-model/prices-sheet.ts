import type { ScenarioResult } from "../../core/scenario/run-scenarios.ts";
import { SCENARIO_INPUTS } from "../../core/scenario/scenario-inputs.ts";
import type { Cell } from "../../std/xlsx-workbook.ts";
import { figureOf, HEAD_ROWS, headOf, letterOf, nearestNumber, rowOf, SCENARIO_WIDTHS, scenarioNames } from "./cost-model-frame.ts";
import type { Placed } from "./inputs-sheet.ts";

const MODEL_PRICES = [
  { name: "input_usd_mtok", column: "D" },
  { name: "output_usd_mtok", column: "E" },
  { name: "fee_usd", column: "F" },
] as const;
export type ModelPriceName = (typeof MODEL_PRICES)[number]["name"];

/** One row for each price of a model, and one for every other unit price. Scenarios at the same price of a model share its row. */
export function pricesSheet(
  results: readonly ScenarioResult[],
  note: string,
): Placed & { priceOf(model: string, name: ModelPriceName, scenario: number): string } {
  const rows = headOf("Prices", note, ["model", "", "used by", "input USD / 1M tokens", "output USD / 1M tokens", "fee USD / request"]);
  const rowOfPrice = new Map<string, number>();
  for (const { model, cells, usedBy } of modelPrices(results)) {
    const number = rows.push([{ text: model }, undefined, { text: usedBy.join(", "), look: "note" }, ...cells]);
    for (const name of usedBy) rowOfPrice.set(JSON.stringify([model, name]), number);
  }
  rows.push(
    [],
    ["price", "unit", "meaning", ...scenarioNames(results)].map((text) => ({ text, look: "head" })),
  );
  const places = new Map<string, number>();
  for (const { name, unit, meaning } of SCENARIO_INPUTS.filter((input) => input.unit === "usd")) {
    const cells = results.map(({ scenario }) => cellOf(scenario.statedUcr ? undefined : figureOf(scenario, name)));
    places.set(name, rows.push(rowOf(name, unit, meaning, cells)));
  }
  const columns = new Map(MODEL_PRICES.map(({ name, column }) => [name, column]));
  return {
    sheet: { name: "Prices", rows, widths: SCENARIO_WIDTHS, frozen: { rows: HEAD_ROWS, columns: 1 } },
    place: (figure, scenario) => `Prices!${letterOf(scenario)}${places.get(figure)}`,
    priceOf: (model, name, scenario) => {
      const number = rowOfPrice.get(JSON.stringify([model, results[scenario]?.scenario.name]));
      return `Prices!$${columns.get(name)}$${number}`;
    },
  };
}

function modelPrices(results: readonly ScenarioResult[]) {
  const found = new Map<string, { model: string; cells: (Cell | undefined)[]; usedBy: string[] }>();
  for (const { scenario } of results) {
    if (scenario.statedUcr) continue;
    for (const model of scenario.models) {
      const cells = MODEL_PRICES.map(({ name }) => cellOf(figureOf(scenario, `models.${model}.${name}`)));
      const key = JSON.stringify([model, cells]);
      const row = found.get(key);
      if (row) row.usedBy.push(scenario.name);
      else found.set(key, { model, cells, usedBy: [scenario.name] });
    }
  }
  return [...found.values()];
}

function cellOf(value: Parameters<typeof nearestNumber>[0] | undefined): Cell | undefined {
  return value && { number: nearestNumber(value), look: "inputNumber" };
}
