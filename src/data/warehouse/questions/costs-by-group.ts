import { COST_FILTERS, COST_GROUPS, type CostGroup } from "../../../contract/cost-groups.ts";
import type { CostsQuestion, CostsRow } from "../../../ports/warehouse.ts";
import type { EngineParameters, EngineRow, WarehouseConnection } from "../warehouse-connection.ts";
import { warehouseSql } from "../warehouse-sql.ts";

const STATEMENT = warehouseSql("questions/costs-by-group.sql");

/** Cost and use per group, in order of time and then of cost, dearest first. */
export async function costsByGroup(connection: WarehouseConnection, question: CostsQuestion): Promise<readonly CostsRow[]> {
  const by: Record<string, boolean> = {};
  for (const group of COST_GROUPS) by[`by_${group}`] = question.groupBy.includes(group);
  const rows = await connection.rows(STATEMENT, { ...by, ...periodParameters(question), ...filterParameters(question.filter) });
  const costs = rows.map((row) => readCosts(row, question.groupBy));
  // An engine that groups by nothing answers with one row over no calls.
  return question.groupBy.length === 0 ? costs.filter((_, index) => rows[index]!.traces !== "0") : costs;
}

/** [from, to) as {from:DateTime64(3, 'UTC')} and {to:DateTime64(3, 'UTC')}. */
export function periodParameters(period: { readonly from: Date; readonly to: Date }): EngineParameters {
  const text = (at: Date) => at.toISOString().replace("T", " ").replace("Z", "");
  return { from: text(period.from), to: text(period.to) };
}

/** Each filter as {name:Nullable(String)}; NULL does not filter. */
export function filterParameters(filter: CostsQuestion["filter"]): EngineParameters {
  return Object.fromEntries(COST_FILTERS.map((name) => [name, filter[name] ?? null]));
}

function readCosts(row: EngineRow, groupBy: readonly CostGroup[]): CostsRow {
  const [p50, p95] = row.latency_ms_p50_p95 as readonly [number | null, number | null];
  return {
    group: Object.fromEntries(groupBy.map((group) => [group, row[`group_${group}`]])),
    calls: Number(row.calls),
    refused: Number(row.refused),
    cached: Number(row.cached),
    unpriced: Number(row.unpriced),
    in_doubt: Number(row.in_doubt),
    prompt_tokens: Number(row.sum_prompt_tokens),
    gen_tokens: Number(row.sum_gen_tokens),
    cost_usd: row.cost_usd as string,
    latency_ms_p50: p50,
    latency_ms_p95: p95,
  };
}
