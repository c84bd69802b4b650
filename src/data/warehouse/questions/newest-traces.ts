import type { RequestTrace } from "../../../contract/request-trace.ts";
import type { TracesQuestion } from "../../../ports/warehouse.ts";
import type { EngineRow, WarehouseConnection } from "../warehouse-connection.ts";
import { warehouseSql } from "../warehouse-sql.ts";
import { filterParameters, periodParameters } from "./costs-by-group.ts";

const STATEMENT = warehouseSql("questions/newest-traces.sql");

/** The newest calls first. */
export async function newestTraces(connection: WarehouseConnection, question: TracesQuestion): Promise<readonly RequestTrace[]> {
  const parameters = { ...periodParameters(question), ...filterParameters(question.filter), limit: question.limit };
  return (await connection.rows(STATEMENT, parameters)).map(readTrace);
}

// The engine writes these as text, since a 64-bit integer does not fit a JSON number. Tokens of one call do.
const TOKEN_COUNTS = ["prompt_tokens", "gen_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens"] as const;

function readTrace(row: EngineRow): RequestTrace {
  const counts = Object.fromEntries(TOKEN_COUNTS.map((name) => [name, Number(row[name])]));
  const details = Object.entries(row.usage_details as object).map(([name, value]) => [name, Number(value)]);
  return { ...row, ...counts, usage_details: Object.fromEntries(details) } as unknown as RequestTrace;
}
