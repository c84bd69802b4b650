import { bookedNano, type Nano, parseDecimal } from "../../../core/money/usd.ts";
import { SCOPE_DIMENSIONS } from "../../../core/scope/scope.ts";
import type { CallsQuestion, OrderedCall } from "../../../ports/warehouse.ts";
import type { WarehouseConnection } from "../warehouse-connection.ts";
import { warehouseSql } from "../warehouse-sql.ts";
import { periodParameters } from "./costs-by-group.ts";

const STATEMENT = warehouseSql("questions/calls-in-order.sql");

/** One page of calls, oldest first. */
export async function callsInOrder(connection: WarehouseConnection, question: CallsQuestion): Promise<readonly OrderedCall[]> {
  const { from, to, selector, after, limit } = question;
  const filter = Object.fromEntries(SCOPE_DIMENSIONS.map((dimension) => [dimension, selector[dimension] ?? null]));
  const period = periodParameters({ from: after === undefined ? from : new Date(after.at), to });
  const rows = await connection.rows(STATEMENT, { ...filter, ...period, after_id: after?.traceId ?? "", limit });
  return rows.map(({ ts, trace_id, tenant, outcome, held_usd, unit_cost_usd }) => {
    const heldNano = nanoOf(String(held_usd));
    const costNano = unit_cost_usd === null ? null : nanoOf(String(unit_cost_usd));
    return { at: Date.parse(String(ts)), traceId: String(trace_id), tenant: String(tenant), outcome: String(outcome), heldNano, costNano };
  });
}

/** Traces of elsewhere may have parts of a nano-dollar: up, as everything that is booked. */
function nanoOf(usd: string): Nano {
  return bookedNano(parseDecimal(usd, 18) ?? 0n);
}
