import { centralPoint, type Scenario } from "../../core/scenario/evaluate-scenario.ts";
import type { Rational } from "../../core/scenario/rational.ts";
import type { ScenarioResult } from "../../core/scenario/run-scenarios.ts";
import type { FigureName } from "../../core/scenario/scenario-inputs.ts";
import { type Cell, type CellLook, columnName } from "../../std/xlsx-workbook.ts";

/** Every sheet with a column for each scenario begins with what a row is, its unit and its meaning: a scenario has one letter everywhere. */
const LEADING = 3;
/** Title, note, nothing, titles of the columns. */
export const HEAD_ROWS = 4;

export function letterOf(scenario: number): string {
  return columnName(LEADING + scenario);
}

export function headOf(title: string, note: string, heads: readonly string[]): (Cell | undefined)[][] {
  return [[{ text: title, look: "title" }], [{ text: note, look: "note" }], [], heads.map((text) => ({ text, look: "head" }))];
}

/** A row that begins with what it is. */
export function rowOf(name: string, unit: string, meaning: string, cells: readonly (Cell | undefined)[]): (Cell | undefined)[] {
  return [{ text: name }, { text: unit, look: "note" }, { text: meaning, look: "note" }, ...cells];
}

export const SCENARIO_WIDTHS = [38, 8, 52];

export function scenarioNames(results: readonly ScenarioResult[]): string[] {
  return results.map(({ scenario }) => scenario.name);
}

/** The models of all scenarios, each once. */
export function modelsOf(results: readonly ScenarioResult[]): string[] {
  return [...new Set(results.flatMap(({ scenario }) => scenario.models))];
}

export function figureOf(scenario: Scenario, figure: FigureName | "ucr_usd"): Rational | undefined {
  return centralPoint(scenario).get(figure);
}

export function numberCell(value: Rational | undefined, look: CellLook): Cell | undefined {
  return value && { number: nearestNumber(value), look };
}

/**
 * The number of a cell: 53 bits, which is all that a spreadsheet has. Decisions are made with the fraction; this is for showing and
 * for calculating again elsewhere.
 */
export function nearestNumber({ top, bottom }: Rational): number {
  if (top === 0n) return 0;
  const shift = DIGITS - (top.toString().length - bottom.toString().length);
  const scaled = shift >= 0 ? (top * 10n ** BigInt(shift)) / bottom : top / (bottom * 10n ** BigInt(-shift));
  return Number(`${scaled}e${-shift}`);
}

/** More than a double has, so that cutting off here does not show there. */
const DIGITS = 22;
