import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, type YAMLMap } from "yaml";
import { Problem } from "../contract/problem.ts";
import { readCsv } from "../std/csv-text.ts";
import { nearestWord } from "../std/nearest-word.ts";

/*
 * Things of one kind as files: CSV with a column for each thing that can be said of one, and YAML as a list. Both are read into rows of
 * texts with their places; what the texts mean is one question for both.
 */

/** Lines and columns count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface FileRow<Column extends string> extends Place {
  /** What the row leaves out, or leaves empty, is not here. */
  readonly cells: ReadonlyMap<Column, Place & { readonly text: string }>;
}

export interface FileFinding extends Place {
  /** "" where no field is meant. */
  readonly field: string;
  readonly message: string;
}

export interface FileReading<Column extends string> {
  readonly rows: readonly FileRow<Column>[];
  readonly findings: readonly FileFinding[];
}

export interface FileShape<Column extends string> {
  readonly columns: readonly Column[];
  /** What the list is called in YAML. */
  readonly list: string;
  /** "a budget, such as { ... }" */
  readonly example: string;
  /** Columns in which spaces around the text are part of it. */
  readonly asWritten: ReadonlySet<Column>;
}

export function readRowFile<Column extends string>(format: "csv" | "yaml", text: string, shape: FileShape<Column>): FileReading<Column> {
  return format === "csv" ? readCsvFile(text, shape) : readYamlFile(text, shape);
}

/** So many are told; who has more has a file of another kind. */
const MOST_FINDINGS = 100;

/** @throws Problem import_invalid with everything that is wrong, each with its line and column; when nothing is, nothing */
export function refuseWrongFile(findings: readonly FileFinding[]): void {
  const sorted = findings.toSorted((a, b) => a.line - b.line || a.column - b.column);
  const [first] = sorted;
  if (!first) return;
  const rest = sorted.length > 1 ? ` and ${sorted.length - 1} more` : "";
  const what = first.field === "" ? first.message : `${first.field}: ${first.message}`;
  const message = `Nothing was imported: line ${first.line}, column ${first.column}: ${what}${rest}.`;
  throw new Problem("import_invalid", { problems: sorted.slice(0, MOST_FINDINGS), problem_count: sorted.length }, { message });
}

function readCsvFile<Column extends string>(text: string, shape: FileShape<Column>): FileReading<Column> {
  const { rows, stop } = readCsv(text);
  const findings: FileFinding[] = stop ? [{ ...stop, field: "" }] : [];
  const [head = [], ...body] = rows;
  if (head.length === 0)
    findings.push({ line: 1, column: 1, field: "", message: `the first line names the columns, such as ${shape.columns.join(",")}` });
  const columns = head.map(({ text: name, line, column }, index) => {
    const trimmed = name.trim();
    const wrong =
      wrongName(trimmed, shape.columns) ??
      (head.findIndex((other) => other.text.trim() === trimmed) < index ? "this column is there twice" : undefined);
    if (wrong === undefined) return trimmed as Column;
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
      const value = name !== undefined && shape.asWritten.has(name) ? cell.text : cell.text.trim();
      return name === undefined || value === "" ? [] : [[name, { ...cell, text: value }] as const];
    });
    return { line, column, cells: new Map(named) };
  });
  return { rows: read, findings };
}

function wrongName(name: string, columns: readonly string[]): string | undefined {
  if (columns.includes(name)) return undefined;
  const nearest = nearestWord(name, columns);
  return `there is no column ${JSON.stringify(name)}${nearest === undefined ? `; there are ${columns.join(", ")}` : `, did you mean ${nearest}?`}`;
}

function readYamlFile<Column extends string>(text: string, shape: FileShape<Column>): FileReading<Column> {
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
  const list = isMap(root) ? root.get(shape.list, true) : root;
  if (isMap(root))
    for (const { key } of root.items) if (nameOf(key) !== shape.list) report(key, nameOf(key), `only ${shape.list} can be imported`);
  if (!isSeq(list)) {
    report(root, shape.list, `expected a list of ${shape.list}, under \`${shape.list}\` or by itself`);
    return { rows: [], findings };
  }
  const rows = list.items.flatMap((item) => {
    if (!isMap(item)) {
      report(item, "", `expected ${shape.example}`);
      return [];
    }
    return [{ ...placeOf(item), cells: cellsOf(item, shape, placeOf, report) }];
  });
  return { rows, findings };
}

type Report = (node: unknown, field: string, message: string) => void;

function cellsOf<Column extends string>(
  item: YAMLMap,
  shape: FileShape<Column>,
  placeOf: (node: unknown) => Place,
  report: Report,
): FileRow<Column>["cells"] {
  const cells = new Map<Column, Place & { text: string }>();
  for (const { key, value } of item.items as Pair<Node, Node | null>[]) {
    const name = nameOf(key);
    const wrong = wrongName(name, shape.columns);
    const text = wrong === undefined ? textOf(name, value, report) : report(key, name, wrong);
    if (text !== undefined) cells.set(name as Column, { ...placeOf(value), text });
  }
  return cells;
}

/** @returns undefined for nothing, and for what cannot be meant, which is then reported */
function textOf(name: string, node: unknown, report: Report): string | undefined {
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
