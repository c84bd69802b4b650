import type { InsertedTraces, RejectedTrace } from "../../ports/warehouse.ts";
import { EngineRefusal, type WarehouseConnection } from "./warehouse-connection.ts";
import { warehouseSql } from "./warehouse-sql.ts";

/** Where rows go, each with the statement that adds them. */
const STATEMENTS = {
  traces: warehouseSql("insert-traces.sql"),
  facts: warehouseSql("insert-facts.sql"),
  ratings: warehouseSql("insert-ratings.sql"),
} as const;
export type RowKind = keyof typeof STATEMENTS;

/**
 * Adds traces, or facts, in one insert. When the engine cannot read the batch, the halves are tried, and so on down to the rows at fault:
 * k bad rows among n cost some 2k·log₂(n/k) inserts. Rows that went in on the way may go in again; they count once.
 * @throws Problem warehouse_unavailable, and EngineRefusal for whatever is not a row's own fault, such as a full disk
 */
export async function insertTraces(
  connection: WarehouseConnection,
  traces: readonly string[],
  kind: RowKind = "traces",
): Promise<InsertedTraces> {
  const rejected: RejectedTrace[] = [];
  const readable: number[] = [];
  traces.forEach((trace, index) => {
    // The engine skips blank lines and takes [] for no rows: such a row would be lost without a word.
    const text = trace.trim();
    if (text.startsWith("{") && text.endsWith("}")) readable.push(index);
    else rejected.push({ index, reason: "not a JSON object" });
  });
  await insertSpan(connection, STATEMENTS[kind], traces, readable, rejected);
  rejected.sort((a, b) => a.index - b.index);
  return { accepted: traces.length - rejected.length, rejected };
}

/** As insertTraces, of a file with one trace a line. @returns false when a row is at fault; none is in then that will not come again */
export async function insertTraceFile(connection: WarehouseConnection, path: string, kind: RowKind = "traces"): Promise<boolean> {
  try {
    await connection.insertFile(STATEMENTS[kind], path);
    return true;
  } catch (error) {
    if (error instanceof EngineRefusal && ROW_FAULTS.has(error.engineCode)) return false;
    throw error;
  }
}

async function insertSpan(
  connection: WarehouseConnection,
  statement: string,
  traces: readonly string[],
  span: readonly number[],
  rejected: RejectedTrace[],
): Promise<void> {
  if (span.length === 0) return;
  try {
    await connection.insert(statement, span.map((index) => traces[index]).join("\n"));
  } catch (error) {
    if (!(error instanceof EngineRefusal) || !ROW_FAULTS.has(error.engineCode)) throw error;
    if (span.length === 1) {
      rejected.push({ index: span[0]!, reason: firstLine(error.message) });
      return;
    }
    const middle = Math.ceil(span.length / 2);
    await insertSpan(connection, statement, traces, span.slice(0, middle), rejected);
    await insertSpan(connection, statement, traces, span.slice(middle), rejected);
  }
}

function firstLine(message: string): string {
  return message.split("\n", 1)[0]!.slice(0, 500);
}

/**
 * Codes that speak about a row's text or values. Any other code may be about the machine, and parking rows because the disk is full
 * would lose them. From ClickHouse src/Common/ErrorCodes.cpp, 26.7.
 */
const ROW_FAULTS: ReadonlySet<number> = new Set([
  6, // CANNOT_PARSE_TEXT
  25, // CANNOT_PARSE_ESCAPE_SEQUENCE
  26, // CANNOT_PARSE_QUOTED_STRING
  27, // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  32, // ATTEMPT_TO_READ_AFTER_EOF
  33, // CANNOT_READ_ALL_DATA
  38, // CANNOT_PARSE_DATE
  41, // CANNOT_PARSE_DATETIME
  53, // TYPE_MISMATCH
  69, // ARGUMENT_OUT_OF_BOUND
  70, // CANNOT_CONVERT_TYPE
  72, // CANNOT_PARSE_NUMBER
  117, // INCORRECT_DATA
  130, // CANNOT_READ_ARRAY_FROM_TEXT
  131, // TOO_LARGE_STRING_SIZE
  321, // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
  349, // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
  407, // DECIMAL_OVERFLOW
  467, // CANNOT_PARSE_BOOL
  469, // VIOLATED_CONSTRAINT
]);
