import type { ScenarioResult } from "../../core/scenario/run-scenarios.ts";
import { type InputUnit, SCENARIO_INPUTS } from "../../core/scenario/scenario-inputs.ts";
import type { Cell, CellLook, Sheet } from "../../std/xlsx-workbook.ts";
import {
  figureOf,
  HEAD_ROWS,
  headOf,
  letterOf,
  modelsOf,
  nearestNumber,
  numberCell,
  rowOf,
  SCENARIO_WIDTHS,
  scenarioNames,
} from "./cost-model-frame.ts";

/** Where each number that can be changed is, by its name in a scenario. */
export interface Placed {
  readonly sheet: Sheet;
  /** "Inputs!D7", for the scenario's own column. */
  place(figure: string, scenario: number): string;
}

const LOOK: Readonly<Record<InputUnit, CellLook>> = { usd: "inputNumber", share: "inputShare", rate: "inputShare", count: "inputNumber" };
const TOKENS = ["prompt_tokens", "gen_tokens"] as const;

/** Volumes, shares and counts: everything but prices. */
export function inputsSheet(results: readonly ScenarioResult[], note: string): Placed & { readonly mixRows: readonly [number, number] } {
  const rows = headOf("Inputs", note, ["input", "unit", "meaning", ...scenarioNames(results)]);
  const places = new Map<string, number>();
  const put = (figure: string, row: (Cell | undefined)[]) => {
    places.set(figure, rows.push(row));
  };
  for (const { name, unit, meaning } of SCENARIO_INPUTS.filter((input) => input.unit !== "usd")) {
    const cells = results.map(({ scenario }) => numberCell(figureOf(scenario, name), LOOK[unit]));
    put(name, rowOf(name, unit, meaning, cells));
  }
  if (results.some(({ scenario }) => scenario.statedUcr)) {
    const cells = results.map(({ scenario }) => numberCell(scenario.statedUcr?.likely, "inputNumber"));
    put("ucr_usd", rowOf("ucr_usd", "usd", "The unit cost where it was stated as one figure; then no price matters", cells));
  }
  const models = modelsOf(results);
  for (const model of models) {
    const cells = results.map(({ scenario }) => numberCell(figureOf(scenario, `mix.${model}`), "inputShare"));
    put(`mix.${model}`, rowOf(`mix: ${model}`, "share", "Share of the requests that reach a model; shares are taken in proportion", cells));
  }
  const mixRows = [rows.length - models.length + 1, rows.length] as const;
  for (const model of models) {
    for (const name of TOKENS) {
      const cells = results.map(({ scenario }, index) => {
        if (!scenario.models.includes(model) || scenario.statedUcr) return undefined;
        const own = figureOf(scenario, `models.${model}.${name}`);
        const shared = figureOf(scenario, name);
        if (own || !shared) return numberCell(own, "inputNumber");
        return { formula: `${letterOf(index)}${places.get(name)}`, value: nearestNumber(shared) };
      });
      put(`models.${model}.${name}`, rowOf(`${name}: ${model}`, "count", "Of a request that this model answers", cells));
    }
  }
  const sheet = { name: "Inputs", rows, widths: SCENARIO_WIDTHS, frozen: { rows: HEAD_ROWS, columns: 1 } };
  return { sheet, mixRows, place: (figure, scenario) => `Inputs!${letterOf(scenario)}${places.get(figure)}` };
}
