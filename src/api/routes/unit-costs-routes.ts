import type { Static } from "typebox";
import { Problem } from "../../contract/problem.ts";
import { UNIT_COST_FILTERS, UNIT_COST_GROUPS, type UnitCostFilter, type UnitCostGroup } from "../../contract/unit-cost-groups.ts";
import { costChangeAnswer, costChangeQuery, ROLLING_WINDOWS, unitCostsAnswer, unitCostsQuery } from "../../contract/unit-costs-contract.ts";
import { formatDecimal } from "../../core/money/usd.ts";
import { bandFor } from "../../core/pricing/rate-card.ts";
import { type Rational, rational, reduced } from "../../core/scenario/rational.ts";
import type { Instant } from "../../core/time/window.ts";
import { deviationPercent, perRequest, ratioText, unitCostFigures } from "../../core/unit-cost/unit-cost-figures.ts";
import { NO_UNIT_COSTS, totalOfComponents, type UnitCostSums } from "../../core/unit-cost/unit-cost-sums.ts";
import type { UnitCostKey } from "../../ports/unit-cost-questions.ts";
import { costChange } from "../../reports/cost-change.ts";
import { type AskedUnitCosts, type GroupedUnitCosts, groupedUnitCosts, levelsOf } from "../../reports/unit-costs.ts";
import type { ApiDeps } from "../api-deps.ts";
import { ok, type Route, route } from "../api-route.ts";
import { readPeriod } from "../call-period.ts";
import { checkScopeValue } from "../call-scope.ts";
import { comparedPeriods } from "../compared-periods.ts";
import { warehouseOf } from "./costs-routes.ts";

type Query = Static<typeof unitCostsQuery>;
type Rolling = Partial<Record<(typeof ROLLING_WINDOWS)[number], GroupedUnitCosts>>;

/** What requests cost, in seven components. */
export const unitCostsRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/unit-costs",
    summary: "Unit cost of requests in seven components, per group; the total is the exact sum of the rows.",
    role: "viewer",
    query: unitCostsQuery,
    answers: { 200: { description: "Rows per group, dearest first, and their total", schema: unitCostsAnswer } },
    handle: async ({ query }, deps) => ok(await unitCostsOf(query, deps)),
  }),
  route({
    method: "GET",
    path: "/api/v1/unit-costs/change",
    summary: "Why the cost of requests changed against the period before; the parts add up to the change.",
    role: "viewer",
    query: costChangeQuery,
    answers: { 200: { description: "Both periods, and the change by cause; null where one has no requests", schema: costChangeAnswer } },
    handle: async ({ query }, deps) => {
      const now = deps.now();
      const filter = readUnitCostFilter(query);
      const cacheReadShareOf = (provider: string, model: string, at: Instant) => cacheReadShare(deps, provider, model, at);
      const asked = { ...comparedPeriods(query, now), filter, now, cacheReadShareOf };
      return ok({ filter, ...(await costChange(warehouseOf(deps), deps.unitCosts, asked)) });
    },
  }),
];

/** Of the standard price; what a list does not tell is taken for no discount. */
function cacheReadShare({ routesOf, prices }: ApiDeps, provider: string, model: string, at: Instant): Rational {
  const list = routesOf(model).find((place) => place.provider === provider)?.priceList ?? provider;
  const price = prices.find(list, model, at);
  const { input, cacheRead } = price ? bandFor(price.standard, 0).rates : {};
  return input === undefined || input === 0n || cacheRead === undefined ? rational(1n) : reduced(rational(cacheRead, input));
}

async function unitCostsOf(query: Query, deps: ApiDeps): Promise<object> {
  const now = deps.now();
  const period = readPeriod(query, now, "month");
  const asked: AskedUnitCosts = { period, groupBy: readUnitCostGroups(query.group_by), filter: readUnitCostFilter(query), now };
  const warehouse = warehouseOf(deps);
  const grouped = await groupedUnitCosts(warehouse, deps.unitCosts, asked);
  const rolling = query.rolling === "true" ? await rollingOf(asked, deps) : undefined;
  const rows = [];
  for (const { key, sums } of grouped.groups) rows.push({ ...key, ...(await rowOf(sums, key, asked, rolling, deps)) });
  return {
    from: new Date(period.start).toISOString(),
    to: new Date(period.end).toISOString(),
    group_by: asked.groupBy,
    rows,
    total: await rowOf(grouped.total, undefined, asked, rolling, deps),
    pools: grouped.pools.map(({ name, monthStart, accruedAtto, isShared }) => {
      return { name, month: new Date(monthStart).toISOString().slice(0, 7), accrued_usd: formatDecimal(accruedAtto, 18), shared: isShared };
    }),
    unpriced_models: grouped.total.unknownCost === 0 ? [] : await unpricedModels(asked, deps),
  };
}

/** @param key of the group; undefined for the total */
async function rowOf(sums: UnitCostSums, key: UnitCostKey | undefined, asked: AskedUnitCosts, rolling: Rolling | undefined, deps: ApiDeps) {
  const scope = { ...asked.filter, ...key };
  const useCase = scope.use_case;
  const baseline = useCase === undefined ? null : await deps.baselines.of(useCase, deps.warehouse, deps.now());
  return {
    ...unitCostFigures(sums, levelsOf(deps.unitCosts.levels, scope, asked.period.end - 1)),
    baseline_usd: ratioText(baseline),
    deviation_percent: baseline && deviationPercent(perRequest(sums), baseline),
    ...(rolling ? { rolling: rollingRow(rolling, key) } : {}),
  };
}

/** The same groups and filters over windows that end now. */
async function rollingOf(asked: AskedUnitCosts, deps: ApiDeps): Promise<Rolling> {
  const found: Rolling = {};
  for (const window of ROLLING_WINDOWS) {
    const period = readPeriod({ window }, asked.now, window);
    found[window] = await groupedUnitCosts(warehouseOf(deps), deps.unitCosts, { ...asked, period });
  }
  return found;
}

function rollingRow(rolling: Rolling, key: UnitCostKey | undefined): object {
  const text = JSON.stringify(key);
  return Object.fromEntries(
    Object.entries(rolling).map(([window, { groups, total }]) => {
      const found = key === undefined ? total : groups.find((group) => JSON.stringify(group.key) === text)?.sums;
      const sums = found ?? NO_UNIT_COSTS;
      const total_usd = formatDecimal(totalOfComponents(sums), 18);
      return [window, { requests: sums.calls + sums.cached, total_usd, per_request_usd: ratioText(perRequest(sums)) }];
    }),
  );
}

async function unpricedModels({ period, filter }: AskedUnitCosts, deps: ApiDeps): Promise<object[]> {
  const [from, to] = [new Date(period.start), new Date(period.end)];
  const rows = await warehouseOf(deps).unitCosts({ from, to, filter, groupBy: ["provider", "model"] });
  const unknown = rows.filter(({ unknownCost }) => unknownCost > 0).sort((a, b) => b.unknownCost - a.unknownCost);
  return unknown.map(({ group, unknownCost }) => ({ provider: group.provider ?? "", model: group.model ?? "", calls: unknownCost }));
}

/** @throws Problem invalid_scope */
export function readUnitCostFilter(query: UnitCostFilter): UnitCostFilter {
  const given = UNIT_COST_FILTERS.flatMap((name) => {
    const value = query[name];
    return value === undefined ? [] : [[name, checkScopeValue(value, `/${name}`)]];
  });
  return Object.fromEntries(given);
}

/** @throws Problem invalid_request */
export function readUnitCostGroups(text: string | undefined): UnitCostGroup[] {
  const groups = text === undefined || text === "" ? [] : text.split(",");
  for (const [index, group] of groups.entries()) {
    const known = (UNIT_COST_GROUPS as readonly string[]).includes(group);
    if (known && groups.indexOf(group) === index) continue;
    const why = known ? `names ${group} twice` : `knows no "${group}"; it is a list with commas of ${UNIT_COST_GROUPS.join(", ")}`;
    throw new Problem("invalid_request", { field: "/group_by", in: "query", allowed: UNIT_COST_GROUPS }, { message: `/group_by ${why}.` });
  }
  return groups as UnitCostGroup[];
}
