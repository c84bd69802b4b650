/**
 * What a warehouse is made of below the SQL: the embedded engine in its child process, or a server over HTTP.
 * Both reject with EngineRefusal when the engine understood and said no, and with Problem warehouse_unavailable when it could not
 * be asked or went away before it answered.
 */
export interface WarehouseConnection {
  /** Rows of one statement that only reads: money and 64-bit integers as text, times in ISO 8601. */
  rows(statement: string, parameters: EngineParameters): Promise<readonly EngineRow[]>;
  /** Adds rows that follow the statement's FORMAT. All of them, or none that will not be sent again. */
  insert(statement: string, body: string): Promise<void>;
  /** As insert, with the rows in a file, which the engine's own process reads where it has one. */
  insertFile(statement: string, path: string): Promise<void>;
  /** Carries out one statement that writes what it reads in the warehouse itself. */
  command(statement: string, parameters: EngineParameters): Promise<void>;
  close(): Promise<void>;
}

export type EngineRow = Readonly<Record<string, unknown>>;
export type EngineParameters = Readonly<Record<string, unknown>>;

/** The engine's own no, with its code. @see https://clickhouse.com/docs/interfaces/http; codes in ClickHouse src/Common/ErrorCodes.cpp */
export class EngineRefusal extends Error {
  override readonly name = "EngineRefusal";
  readonly engineCode: number;

  constructor(engineCode: number, message: string, options?: { cause: unknown }) {
    super(message, options);
    this.engineCode = engineCode;
  }
}

/** Settings of every statement. Days and months are those of UTC, whatever machine this is. */
const SESSION_SETTINGS = { session_timezone: "UTC" } as const;

/** A read ends by itself after half a minute: the embedded engine cannot be interrupted, and others wait behind it. */
export const READ_SETTINGS = {
  ...SESSION_SETTINGS,
  output_format_json_quote_decimals: 1,
  output_format_json_quote_64bit_integers: 1,
  date_time_output_format: "iso",
  max_execution_time: 30,
} as const;

/** An answer is held whole in the server's memory. */
export const LONGEST_ANSWER_BYTES = 64 * 1024 * 1024;

export const WRITE_SETTINGS = {
  ...SESSION_SETTINGS,
  // What is acknowledged is in the table, not in a server's buffer.
  async_insert: 0,
  date_time_input_format: "best_effort",
  // A row from a newer version may say more than this one can keep.
  input_format_skip_unknown_fields: 1,
  // Traces that were held up for years still go in as one batch.
  max_partitions_per_insert_block: "0",
} as const;

/** Rows of JSONEachRow. */
export function readRows(text: string): EngineRow[] {
  const lines = text.split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as EngineRow);
}
