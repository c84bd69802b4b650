import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, stringify, type YAMLMap } from "yaml";
import type { BUDGET_FILE_FORMATS } from "../contract/budget-operations-contract.ts";
import type { Budget } from "../core/ledger/budget.ts";
import { readCsv, writeCsv } from "../std/csv-text.ts";
import { nearestWord } from "../std/nearest-word.ts";
import { BUDGET_COLUMNS, type BudgetColumn, budgetCells, budgetRecord } from "./budget-cells.ts";

/*
 * Budgets as files: CSV with a column for each thing that can be said of a budget, and YAML as `budgets` in ballast.yaml. Both are read
 * into rows of texts with their places; what the texts mean is one question for both.
 */
export type BudgetFileFormat = (typeof BUDGET_FILE_FORMATS)[number];

/** Lines and columns count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface FileRow extends Place {
  /** What the row leaves out, or leaves empty, is not here. */
  readonly cells: ReadonlyMap<BudgetColumn, Place & { readonly text: string }>;
}

export interface FileFinding extends Place {
  /** "" where no field is meant. */
  readonly field: string;
  readonly message: string;
}

export interface FileReading {
  readonly rows: readonly FileRow[];
  readonly findings: readonly FileFinding[];
}

/** Columns in which spaces around the text are part of it. */
const AS_WRITTEN: ReadonlySet<BudgetColumn> = new Set(["id", "fallback_model", "template"]);

export function writeBudgetFile(format: BudgetFileFormat, budgets: readonly Budget[]): string {
  if (format === "csv") {
    return writeCsv([BUDGET_COLUMNS, ...budgets.map((budget) => BUDGET_COLUMNS.map((column) => budgetCells(budget)[column]))]);
  }
  // Texts over several lines are quoted: in a block not every text can be told from its indentation.
  const list = budgets.map((budget) => ({ ...budgetRecord(budget), origin: undefined }));
  return stringify({ budgets: list }, { lineWidth: 0, blockQuote: false }).trimEnd();
}

export function readBudgetFile(format: BudgetFileFormat, text: string): FileReading {
  return format === "csv" ? readCsvFile(text) : readYamlFile(text);
}

function readCsvFile(text: string): FileReading {
  const { rows, stop } = readCsv(text);
  const findings: FileFinding[] = stop ? [{ ...stop, field: "" }] : [];
  const [head = [], ...body] = rows;
  if (head.length === 0)
    findings.push({ line: 1, column: 1, field: "", message: `the first line names the columns, such as ${BUDGET_COLUMNS.join(",")}` });
  const columns = head.map(({ text: name, line, column }, index) => {
    const trimmed = name.trim();
    const wrong =
      wrongName(trimmed) ?? (head.findIndex((other) => other.text.trim() === trimmed) < index ? "this column is there twice" : undefined);
    if (wrong === undefined) return trimmed as BudgetColumn;
    findings.push({ line, column, field: trimmed, message: wrong });
    return undefined;
  });
  const read = body.map((cells) => {
    const { line, column } = cells[0]!;
    if (cells.length !== head.length) {
      findings.push({ line, column, field: "", message: `expected ${head.length} fields as in the first line, found ${cells.length}` });
    }
    const named = cells.flatMap((cell, index) => {
      const name = columns[index];
      const value = name !== undefined && AS_WRITTEN.has(name) ? cell.text : cell.text.trim();
      return name === undefined || value === "" ? [] : [[name, { ...cell, text: value }] as const];
    });
    return { line, column, cells: new Map(named) };
  });
  return { rows: read, findings };
}

function wrongName(name: string): string | undefined {
  if ((BUDGET_COLUMNS as readonly string[]).includes(name)) return undefined;
  const nearest = nearestWord(name, BUDGET_COLUMNS);
  return `there is no column ${JSON.stringify(name)}${nearest === undefined ? `; there are ${BUDGET_COLUMNS.join(", ")}` : `, did you mean ${nearest}?`}`;
}

function readYamlFile(text: string): FileReading {
  const lines = new LineCounter();
  const document = parseDocument(text, { version: "1.2", schema: "core", prettyErrors: false, logLevel: "error", lineCounter: lines });
  const findings: FileFinding[] = [];
  const placeOf = (node: unknown): Place => placeAt((node as { range?: [number] | null } | null)?.range?.[0] ?? 0);
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const report = (node: unknown, field: string, message: string) => void findings.push({ ...placeOf(node), field, message });
  for (const error of document.errors) findings.push({ ...placeAt(error.pos[0]), field: "", message: error.message.split("\n")[0]! });
  if (findings.length > 0) return { rows: [], findings };
  const root = document.contents;
  const list = isMap(root) ? root.get("budgets", true) : root;
  if (isMap(root))
    for (const { key } of root.items) if (nameOf(key) !== "budgets") report(key, nameOf(key), "only budgets can be imported");
  if (!isSeq(list)) {
    report(root, "budgets", "expected a list of budgets, under `budgets` or by itself");
    return { rows: [], findings };
  }
  const rows = list.items.flatMap((item) => {
    if (!isMap(item)) {
      report(item, "", "expected a budget, such as { scope: { tenant: acme }, limit_usd: 250 }");
      return [];
    }
    return [{ ...placeOf(item), cells: cellsOf(item, placeOf, report) }];
  });
  return { rows, findings };
}

type Report = (node: unknown, field: string, message: string) => void;

function cellsOf(item: YAMLMap, placeOf: (node: unknown) => Place, report: Report): FileRow["cells"] {
  const cells = new Map<BudgetColumn, Place & { text: string }>();
  for (const { key, value } of item.items as Pair<Node, Node | null>[]) {
    const name = nameOf(key);
    const wrong = wrongName(name);
    const text = wrong === undefined ? textOf(name as BudgetColumn, value, report) : report(key, name, wrong);
    if (text !== undefined) cells.set(name as BudgetColumn, { ...placeOf(value), text });
  }
  return cells;
}

/** @returns undefined for nothing, and for what cannot be meant, which is then reported */
function textOf(name: BudgetColumn, node: unknown, report: Report): string | undefined {
  if (node === null || (isScalar(node) && node.value === null)) return undefined;
  if (isScalar(node)) return scalarText(node);
  if (isAlias(node)) return void report(node, name, "aliases are not followed here");
  if (name === "thresholds" && isSeq(node) && node.items.every((item) => isScalar(item))) {
    return node.items.map((item) => scalarText(item)).join(" ") || "none";
  }
  if (name === "scope" && isMap(node) && node.items.every(({ value }) => isScalar(value))) {
    return node.items.map(({ key, value }) => `${nameOf(key)}=${encodeURIComponent(scalarText(value))}`).join(",") || "*";
  }
  return void report(
    node,
    name,
    `expected ${name === "scope" ? "names and values" : "a value"}, found ${isSeq(node) ? "a list" : "settings"}`,
  );
}

/** Numbers by their digits, so that no amount becomes a float. */
function scalarText(node: unknown): string {
  if (!isScalar(node)) return "";
  return typeof node.value === "string" ? node.value : (node.source ?? String(node.value));
}

function nameOf(key: unknown): string {
  return isScalar(key) ? String(key.value) : String(key);
}
