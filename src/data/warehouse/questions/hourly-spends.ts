import { bookedNano, parseDecimal } from "../../../core/money/usd.ts";
import type { HourlySpendsQuestion, SubjectHour } from "../../../ports/control-signals-question.ts";
import type { WarehouseConnection } from "../warehouse-connection.ts";
import { warehouseSql } from "../warehouse-sql.ts";
import { periodParameters } from "./costs-by-group.ts";

const STATEMENT = warehouseSql("questions/hourly-spends.sql");

/** What subjects spent hour by hour. */
export async function hourlySpends(
  connection: WarehouseConnection,
  { subjects, ...period }: HourlySpendsQuestion,
): Promise<readonly SubjectHour[]> {
  if (subjects.length === 0) return [];
  const rows = await connection.rows(STATEMENT, { subjects: JSON.stringify(subjects), ...periodParameters(period) });
  return rows.map((row) => ({
    subject: String(row.subject),
    at: Number(row.hour_s) * 1000,
    priority: row.call_priority === "p1" || row.call_priority === "p2" ? row.call_priority : "p0",
    // Traces of elsewhere may have parts of a nano-dollar: up, as everything that is booked.
    nano: bookedNano(parseDecimal(String(row.cost_usd), 18) ?? 0n),
    admitted: Number(row.admitted),
    paced: Number(row.paced),
  }));
}
