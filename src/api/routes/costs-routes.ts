import { COST_GROUPS, type CostGroup } from "../../contract/cost-groups.ts";
import { costsAnswer, costsQuery, tracesAnswer, tracesQuery } from "../../contract/costs-contract.ts";
import { Problem } from "../../contract/problem.ts";
import { invariant } from "../../core/invariant.ts";
import { formatDecimal, parseDecimal } from "../../core/money/usd.ts";
import type { CostsQuestion, CostsRow, Warehouse } from "../../ports/warehouse.ts";
import type { ApiDeps } from "../api-deps.ts";
import { ok, type Route, route } from "../api-route.ts";
import { readPeriod } from "../call-period.ts";
import { checkScopeValue } from "../call-scope.ts";

/** What calls cost, and the calls themselves, from the warehouse. */
export const costsRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/costs",
    summary: "Cost and use of calls, filtered and grouped; the total is the exact sum of the rows.",
    role: "viewer",
    query: costsQuery,
    answers: { 200: { description: "Rows per group, and their total", schema: costsAnswer } },
    handle: async ({ query }, deps) => {
      const period = readPeriod(query, deps.now(), "month");
      const groupBy = readGroups(query.group_by);
      const filter = readFilter(query);
      const [from, to] = [new Date(period.start), new Date(period.end)];
      const rows = await warehouseOf(deps).costs({ from, to, groupBy, filter });
      return ok({
        from: from.toISOString(),
        to: to.toISOString(),
        group_by: groupBy,
        rows: rows.map(({ group, ...numbers }) => ({ ...group, ...numbers })),
        total: totalOf(rows),
      });
    },
  }),
  route({
    method: "GET",
    path: "/api/v1/traces",
    summary: "The newest calls first.",
    role: "viewer",
    query: tracesQuery,
    answers: { 200: { description: "One record per call", schema: tracesAnswer } },
    handle: async ({ query }, deps) => {
      const period = readPeriod(query, deps.now(), "24h");
      const filter = readFilter(query);
      const [from, to] = [new Date(period.start), new Date(period.end)];
      const limit = query.limit === undefined ? 100 : Number(query.limit);
      const traces = await warehouseOf(deps).traces({ from, to, filter, limit });
      return ok({ from: from.toISOString(), to: to.toISOString(), traces });
    },
  }),
];

/** @throws Problem warehouse_missing, with whether that was chosen */
export function warehouseOf({ warehouse, wantsWarehouse }: ApiDeps): Warehouse {
  if (warehouse) return warehouse;
  const message = "No warehouse is configured (stores.warehouse: none), so calls are not kept for reports.";
  throw new Problem("warehouse_missing", {}, wantsWarehouse ? {} : { message });
}

const FILTERS = ["tenant", "feature", "service", "team", "environment", "use_case", "provider", "model"] as const;

function readFilter(query: { readonly [Name in (typeof FILTERS)[number]]?: string }): CostsQuestion["filter"] {
  const filter: Record<string, string> = {};
  for (const name of FILTERS) {
    const value = query[name];
    if (value !== undefined) filter[name] = checkScopeValue(value, `/${name}`);
  }
  return filter;
}

function readGroups(text: string | undefined): CostGroup[] {
  const groups = text === undefined || text === "" ? [] : text.split(",");
  for (const [index, group] of groups.entries()) {
    const known = (COST_GROUPS as readonly string[]).includes(group);
    if (known && groups.indexOf(group) === index) continue;
    const why = known ? `names ${group} twice` : `knows no "${group}"; it is a list with commas of ${COST_GROUPS.join(", ")}`;
    throw new Problem("invalid_request", { field: "/group_by", in: "query", allowed: COST_GROUPS }, { message: `/group_by ${why}.` });
  }
  return groups as CostGroup[];
}

const COUNTS = ["calls", "refused", "cached", "unpriced", "in_doubt", "prompt_tokens", "gen_tokens"] as const;
/** Facts carry up to 18 decimal places. */
const FACT_SCALE = 18;

/** Added up here from the very rows that are shown, as integers. */
function totalOf(rows: readonly CostsRow[]) {
  const total = { calls: 0, refused: 0, cached: 0, unpriced: 0, in_doubt: 0, prompt_tokens: 0, gen_tokens: 0 };
  let cost = 0n;
  for (const row of rows) {
    for (const name of COUNTS) total[name] += row[name];
    const part = parseDecimal(row.cost_usd, FACT_SCALE);
    invariant(part !== undefined, `the warehouse answered a cost of ${row.cost_usd}`);
    cost += part;
  }
  return { ...total, cost_usd: formatDecimal(cost, FACT_SCALE) };
}
