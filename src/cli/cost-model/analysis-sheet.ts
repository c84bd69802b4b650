import type { ScenariosAnswer } from "../../contract/scenarios-contract.ts";
import type { Cell, CellLook, Sheet } from "../../std/xlsx-workbook.ts";
import { breakEvenLine } from "../scenario/scenario-table.ts";
import { scopeText } from "../scenario/scenario-words.ts";
import { HEAD_ROWS, headOf } from "./cost-model-frame.ts";

/** What takes thousands of evaluations and is no formula: written as it was found. */
export function analysisSheet(answer: ScenariosAnswer): Sheet {
  const note = "Computed by Ballast when it wrote this file: these figures do not follow a change of Inputs or Prices.";
  const rows = headOf("Analysis", note, ["what weighs most", "figure", "low", "high", "run-rate at low", "run-rate at high"]);
  for (const { name, sensitivity } of answer.scenarios) {
    for (const bar of sensitivity) {
      const ends = [number(bar.low), number(bar.high), number(bar.run_rate_low_usd, "amount"), number(bar.run_rate_high_usd, "amount")];
      rows.push([{ text: name }, { text: bar.figure }, ...ends]);
    }
  }
  const drawn = answer.scenarios.filter(({ monte_carlo }) => monte_carlo !== null);
  if (drawn.length > 0) rows.push([], heads("ranges (Monte Carlo)", "draws", "seed", "run-rate p5", "p50", "p95", "mean"));
  for (const { name, monte_carlo } of drawn) {
    if (!monte_carlo) continue;
    const { draws, seed, run_rate_usd } = monte_carlo;
    const range = [run_rate_usd.p5, run_rate_usd.p50, run_rate_usd.p95, run_rate_usd.mean].map((text) => number(text, "amount"));
    rows.push([{ text: name }, { number: draws }, { number: seed }, ...range]);
  }
  if (answer.break_even.length > 0) rows.push([], heads("break-even"));
  for (const found of answer.break_even) rows.push([{ text: breakEvenLine(found) }]);
  rows.push([], heads("monthly cap proposed for", "carries", "planned USD", "cap USD"));
  for (const { scope, scenario, planned_usd, limit_usd } of answer.proposed_budgets) {
    rows.push([{ text: scopeText(scope) }, { text: scenario }, number(planned_usd, "amount"), number(limit_usd, "amount")]);
  }
  return { name: "Analysis", rows, widths: [44, 34], frozen: { rows: HEAD_ROWS, columns: 1 } };
}

function heads(...texts: string[]): Cell[] {
  return texts.map((text) => ({ text, look: "head" }));
}

function number(text: string, look: CellLook = "number"): Cell {
  return { number: Number(text), look };
}
