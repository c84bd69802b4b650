import type { Priority } from "../../core/forecast/pacing.ts";
import { type Nano, parseDecimal } from "../../core/money/usd.ts";
import { readCsv } from "../../std/csv-text.ts";
import { textOf } from "../row-file-text.ts";
import { UsageError } from "../usage-error.ts";

/** A call as a trace says it; what the trace does not say is undefined. */
export interface TraceRow {
  readonly at: number;
  readonly promptTokens: number;
  readonly genTokens: number;
  readonly latencyMs: number | undefined;
  readonly isError: boolean;
  readonly isCached: boolean;
  readonly costNano: Nano | undefined;
  readonly grounded: number | undefined;
  readonly priority: Priority;
  readonly useCase: string | undefined;
  readonly provider: string | undefined;
  readonly model: string | undefined;
}

/** The columns of a trace: our own names first, then those of Azure's traces and of others. */
const COLUMNS = {
  at: ["ts", "timestamp", "time"],
  promptTokens: ["prompt_tokens", "contexttokens", "input_tokens"],
  genTokens: ["gen_tokens", "generatedtokens", "output_tokens"],
  latencyMs: ["latency_ms", "duration_ms"],
  status: ["status_code", "status"],
  outcome: ["outcome"],
  cached: ["cache_hit"],
  cost: ["unit_cost_usd", "cost_usd"],
  grounded: ["grounded"],
  priority: ["priority"],
  useCase: ["use_case_id", "use_case"],
  provider: ["provider"],
  model: ["model_id", "model"],
} as const;

type Column = keyof typeof COLUMNS;
type Cells = Readonly<Partial<Record<Column, string>>>;

/** No calls: they reached no model, were given again, or were reported afterwards. The server's signals leave out the same. */
const NO_CALLS = new Set(["refused", "rejected", "replayed", "template", "tracked"]);

/** Reads calls, sorted by time: JSON Lines, an answer of `GET /api/v1/traces`, or CSV with a header. @throws UsageError with the line */
export function readCallTrace(file: string): TraceRow[] {
  return traceRows(textOf(file), file);
}

export function traceRows(text: string, file: string): TraceRow[] {
  const rows = /^\uFEFF?\s*\{/.test(text) ? jsonCells(text, file) : csvCells(text, file);
  const calls = rows.flatMap(({ cells, line }) => (NO_CALLS.has(cells.outcome ?? "") ? [] : [callOf(cells, `${file}:${line}`)]));
  return calls.sort((one, other) => one.at - other.at);
}

interface PlacedCells {
  readonly cells: Cells;
  readonly line: number;
}

function csvCells(text: string, file: string): PlacedCells[] {
  const { rows, stop } = readCsv(text);
  if (stop) throw wrong(`${file}:${stop.line}:${stop.column}`, stop.message);
  const [header = [], ...lines] = rows;
  const columns = header.map((cell) => columnOf(cell.text));
  return lines.map((row) => ({
    cells: Object.fromEntries(
      row.flatMap((cell, index) => (columns[index] && cell.text !== "" ? [[columns[index], cell.text.trim()]] : [])),
    ),
    line: row[0]!.line,
  }));
}

function jsonCells(text: string, file: string): PlacedCells[] {
  const parse = (json: string, line: number): unknown => {
    try {
      return JSON.parse(json);
    } catch {
      throw wrong(`${file}:${line}`, "is not JSON");
    }
  };
  const isAnswer = /^\uFEFF?\s*\{\s*"(?:from|traces)"/.test(text);
  if (isAnswer) {
    const { traces } = parse(text, 1) as { traces?: unknown[] };
    return (traces ?? []).map((row, index) => ({ cells: cellsOf(row), line: index + 1 }));
  }
  return text
    .split(/\r?\n/)
    .flatMap((line, index) => (line.trim() === "" ? [] : [{ cells: cellsOf(parse(line, index + 1)), line: index + 1 }]));
}

/** @param row an object of JSON; what has no column here is left alone */
export function cellsOf(row: unknown): Cells {
  if (typeof row !== "object" || row === null) return {};
  return Object.fromEntries(
    Object.entries(row).flatMap(([name, value]) => {
      const column = columnOf(name);
      return column && value !== null && value !== "" ? [[column, String(value)]] : [];
    }),
  );
}

function columnOf(name: string): Column | undefined {
  const plain = name.trim().toLowerCase();
  return (Object.keys(COLUMNS) as Column[]).find((column) => (COLUMNS[column] as readonly string[]).includes(plain));
}

function callOf(cells: Cells, place: string): TraceRow {
  const { useCase, provider, model, priority, status, outcome } = cells;
  const cost = cells.cost === undefined ? undefined : parseDecimal(cells.cost, 9, "up");
  if (cells.cost !== undefined && (cost === undefined || cost < 0n))
    throw wrong(place, `has the cost ${cells.cost}; expected USD as a decimal`);
  if (priority !== undefined && !/^p[012]$/.test(priority)) throw wrong(place, `has the priority ${priority}; expected p0, p1 or p2`);
  return {
    at: timeOf(cells.at, place),
    promptTokens: tokensOf(cells.promptTokens, "prompt_tokens", place),
    genTokens: tokensOf(cells.genTokens, "gen_tokens", place),
    latencyMs: figureOf(cells.latencyMs, "latency_ms", place),
    isError: isFailure(status, outcome),
    isCached: cells.cached === "true" || cells.cached === "1",
    grounded: figureOf(cells.grounded, "grounded", place),
    priority: (priority as Priority | undefined) ?? "p1",
    ...{ costNano: cost, useCase, provider, model },
  };
}

/** As the server counts: a failure of the service, not of the caller. */
function isFailure(status: string | undefined, outcome: string | undefined): boolean {
  const code = Number(status ?? 200);
  const isTheirs = code >= 400 && code < 500 && code !== 408 && code !== 429;
  if (isTheirs) return false;
  return code >= 400 || /^(provider_error|timeout|malformed_answer)/.test(outcome ?? "");
}

/** UTC unless an offset is written, to the millisecond; a whole number is milliseconds since 1970. */
function timeOf(text: string | undefined, place: string): number {
  const found = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?$/.exec(text ?? "");
  const at = found
    ? Date.parse(`${found[1]}T${found[2]}${(found[3] ?? "").slice(0, 4)}${found[4] ?? "Z"}`)
    : Number(/^\d{12,14}$/.test(text ?? "") ? text : Number.NaN);
  if (Number.isFinite(at)) return at;
  throw wrong(place, `has the time ${text ?? "(none)"}; expected ts such as 2026-11-01T08:00:00.000Z`);
}

function tokensOf(text: string | undefined, column: string, place: string): number {
  if (text !== undefined && /^\d{1,12}$/.test(text)) return Number(text);
  throw wrong(place, `has ${text ?? "no"} ${column}; expected a whole number of tokens`);
}

function figureOf(text: string | undefined, column: string, place: string): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,12}(\.\d{1,12})?$/.test(text)) return Number(text);
  throw wrong(place, `has ${text} as ${column}; expected a number`);
}

function wrong(place: string, what: string): UsageError {
  return new UsageError(
    `The trace cannot be used: ${place} ${what}.`,
    "It is CSV or JSON Lines with ts, prompt_tokens and gen_tokens; latency_ms, status_code, model, cost_usd, priority and others are read where they are.",
  );
}
