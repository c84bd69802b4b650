import type { ScenarioResult } from "../../core/scenario/run-scenarios.ts";
import { type Cell, columnName, type Sheet } from "../../std/xlsx-workbook.ts";
import { HEAD_ROWS, headOf } from "./cost-model-frame.ts";
import type { Placed } from "./inputs-sheet.ts";
import { formula, pooled } from "./ucr-sheet.ts";

const COLUMNS = ["requests", "UCR USD", "run-rate USD"] as const;

/** Month after month with growth. @returns the sheet, and where the run-rates of a scenario are, for their sum */
export function monthsSheet(
  results: readonly ScenarioResult[],
  sources: { readonly inputs: Placed; readonly prices: Placed; readonly ucr: Placed },
): { readonly sheet: Sheet; readonly runRatesOf: (scenario: number) => string } {
  const { inputs, prices, ucr } = sources;
  const titles = results.flatMap(({ scenario }) => [scenario.name, "", ""]);
  const rows = headOf("Months", "Volume grows each month and is rounded up to a millionth of a request.", ["", ...titles]);
  rows.push([{ text: "month", look: "head" }, ...results.flatMap(() => COLUMNS.map((text): Cell => ({ text, look: "head" })))]);
  const first = rows.length + 1;
  const months = results[0]?.months.length ?? 0;
  const letterAt = (scenario: number, column: number) => columnName(1 + COLUMNS.length * scenario + column);
  for (let month = 0; month < months; month++) {
    const row = first + month;
    const cells = results.flatMap(({ scenario, months: projected }, index) => {
      const found = projected[month]!;
      const [volume, unit] = [`${letterAt(index, 0)}${row}`, `${letterAt(index, 1)}${row}`];
      const grown = `ROUNDUP(ROUND(${letterAt(index, 0)}${row - 1}*(1+${inputs.place("growth", index)}),8),6)`;
      const pool = pooled(prices.place("orchestration_monthly_usd", index), volume);
      const unitCost = scenario.statedUcr ? ucr.place("ucr", index) : `${ucr.place("without_pool", index)}+${pool}`;
      return [
        formula(month === 0 ? inputs.place("monthly_volume", index) : grown, found.volume, "count"),
        formula(unitCost, found.ucr, "unit"),
        formula(`${volume}*${unit}`, found.runRate, "amount"),
      ];
    });
    rows.push([{ number: month + 1 }, ...cells]);
  }
  return {
    sheet: { name: "Months", rows, widths: [10], frozen: { rows: HEAD_ROWS + 1, columns: 1 } },
    runRatesOf: (scenario) => `Months!${letterAt(scenario, 2)}${first}:${letterAt(scenario, 2)}${first + months - 1}`,
  };
}
