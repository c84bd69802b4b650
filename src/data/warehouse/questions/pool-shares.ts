import { SCOPE_DIMENSIONS } from "../../../core/scope/scope.ts";
import type { PoolQuestion, PoolShares } from "../../../ports/unit-cost-questions.ts";
import type { EngineParameters, WarehouseConnection } from "../warehouse-connection.ts";
import { warehouseSql } from "../warehouse-sql.ts";
import { periodParameters } from "./costs-by-group.ts";
import { groupOf, questionParameters } from "./unit-costs-by-group.ts";

const WEIGHT = warehouseSql("questions/pool-weight.sql");
const SHARES = warehouseSql("questions/pool-shares-by-group.sql");

/** What groups of calls get of a month's amount: of every call its share among all calls of the month that the scope covers. */
export async function poolShares(connection: WarehouseConnection, question: PoolQuestion): Promise<PoolShares> {
  const { month, scope, driver, amountAtto } = question;
  const pool = { ...scopeParameters(scope), driver, amount: String(amountAtto) };
  const whole = { from: new Date(month.start), to: new Date(month.end) };
  const [weighed] = await connection.rows(WEIGHT, { ...pool, ...periodParameters(whole) });
  const weight = weighed === undefined || weighed.calls === "0" ? 0n : BigInt(String(weighed.weight_of_all));
  const part = {
    ...question,
    from: new Date(Math.max(month.start, question.from.getTime())),
    to: new Date(Math.min(month.end, question.to.getTime())),
  };
  if (part.from >= part.to) return { sharedAtto: weight === 0n ? null : amountAtto, rows: [] };
  const [firstTs, firstTrace] = (weighed?.first_call ?? ["", ""]) as readonly [string, string];
  const rows = await connection.rows(SHARES, {
    ...questionParameters(part),
    ...pool,
    whole: String(weight === 0n ? 1n : weight),
    rest: String(weight === 0n ? 0n : amountAtto - BigInt(String(weighed!.cut))),
    first_ts: (weight === 0n ? "1970-01-01 00:00:00.000" : firstTs).replace("T", " ").replace("Z", ""),
    first_trace: firstTrace,
  });
  return {
    sharedAtto: weight === 0n ? null : amountAtto,
    rows: rows.map((row) => ({ group: groupOf(row, question), calls: Number(row.calls), shareAtto: BigInt(String(row.share)) })),
  };
}

function scopeParameters(scope: PoolQuestion["scope"]): EngineParameters {
  return Object.fromEntries(SCOPE_DIMENSIONS.map((dimension) => [`pool_${dimension}`, scope[dimension] ?? null]));
}
