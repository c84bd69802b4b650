import { stringify } from "yaml";
import type { BUDGET_FILE_FORMATS } from "../contract/budget-operations-contract.ts";
import type { Budget } from "../core/ledger/budget.ts";
import { writeCsv } from "../std/csv-text.ts";
import { BUDGET_COLUMNS, type BudgetColumn, budgetCells, budgetRecord } from "./budget-cells.ts";
import { type FileReading, type FileShape, readRowFile } from "./row-file.ts";

/** Budgets as files: CSV with a column for each thing that can be said of a budget, and YAML as `budgets` in ballast.yaml. */
export type BudgetFileFormat = (typeof BUDGET_FILE_FORMATS)[number];

const SHAPE: FileShape<BudgetColumn> = {
  columns: BUDGET_COLUMNS,
  list: "budgets",
  example: "a budget, such as { scope: { tenant: acme }, limit_usd: 250 }",
  asWritten: new Set(["id", "fallback_model", "template"]),
};

export function writeBudgetFile(format: BudgetFileFormat, budgets: readonly Budget[]): string {
  if (format === "csv") {
    return writeCsv([BUDGET_COLUMNS, ...budgets.map((budget) => BUDGET_COLUMNS.map((column) => budgetCells(budget)[column]))]);
  }
  // Texts over several lines are quoted: in a block not every text can be told from its indentation.
  const list = budgets.map((budget) => ({ ...budgetRecord(budget), origin: undefined }));
  return stringify({ budgets: list }, { lineWidth: 0, blockQuote: false }).trimEnd();
}

export function readBudgetFile(format: BudgetFileFormat, text: string): FileReading<BudgetColumn> {
  return readRowFile(format, text, SHAPE);
}
