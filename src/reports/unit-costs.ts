import type { UnitCostFilter, UnitCostGroup } from "../contract/unit-cost-groups.ts";
import { ATTO_PER_NANO } from "../core/money/usd.ts";
import type { Rational } from "../core/scenario/rational.ts";
import type { ScopeSelector } from "../core/scope/scope.ts";
import { type Instant, NEVER, type Period } from "../core/time/window.ts";
import { poolMonths } from "../core/unit-cost/cost-pool.ts";
import { MEASURES, type Measure } from "../core/unit-cost/measures.ts";
import { perRequest } from "../core/unit-cost/unit-cost-figures.ts";
import type { Baseline, BusinessLevel, Revenue, UnitCostSettings } from "../core/unit-cost/unit-cost-settings.ts";
import { addUnitCosts, costOf, NO_UNIT_COSTS, totalOfComponents, type UnitCostSums } from "../core/unit-cost/unit-cost-sums.ts";
import type { ModelCostRow, UnitCostKey, UnitCostQuestion, UsageFactRow } from "../ports/unit-cost-questions.ts";
import type { Warehouse } from "../ports/warehouse.ts";

export interface AskedUnitCosts {
  readonly period: Period;
  readonly groupBy: readonly UnitCostGroup[];
  readonly filter: UnitCostFilter;
  readonly now: Instant;
}

export interface GroupedUnitCosts {
  /** Dearest first. */
  readonly groups: readonly { readonly key: UnitCostKey; readonly sums: UnitCostSums }[];
  /** The sum of the groups, to the last digit. */
  readonly total: UnitCostSums;
  /** Pools of the period's months, of which some may have had no calls to charge. */
  readonly pools: readonly {
    readonly name: string;
    readonly monthStart: Instant;
    readonly accruedAtto: bigint;
    readonly isShared: boolean;
  }[];
}

/** What requests cost per group, by component: calls, what was told of beside them, and their shares of what is paid in common. */
export async function groupedUnitCosts(
  warehouse: Pick<Warehouse, "unitCosts" | "usageFacts" | "poolShares">,
  settings: UnitCostSettings,
  { period, groupBy, filter, now }: AskedUnitCosts,
): Promise<GroupedUnitCosts> {
  const question = { from: new Date(period.start), to: new Date(period.end), groupBy, filter };
  const gathered = new GatheredSums();
  for (const row of await warehouse.unitCosts(question)) gathered.add(row.group, sumsOfCalls(row));
  for (const row of await warehouse.usageFacts(question)) gathered.add(row.group, sumsOfFacts(row));
  const pools: GroupedUnitCosts["pools"][number][] = [];
  for (const { pool, month, accruedAtto } of poolMonths(settings.pools, period, now)) {
    const { scope, driver, name } = pool;
    const shares = await warehouse.poolShares({ ...question, month, scope, driver, amountAtto: accruedAtto });
    for (const { group, shareAtto } of shares.rows) gathered.add(group, costOf("orchestration", shareAtto));
    pools.push({ name, monthStart: month.start, accruedAtto, isShared: shares.sharedAtto !== null });
  }
  for (const revenue of settings.revenue) await gatherRevenue(warehouse, revenue, question, { period, now }, gathered);
  const groups = gathered.groups();
  return { groups, total: groups.reduce((total, { sums }) => addUnitCosts(total, sums), NO_UNIT_COSTS), pools };
}

class GatheredSums {
  readonly #byKey = new Map<string, { key: UnitCostKey; sums: UnitCostSums }>();

  add(key: UnitCostKey, sums: UnitCostSums): void {
    const text = JSON.stringify(key);
    const found = this.#byKey.get(text);
    this.#byKey.set(text, { key, sums: found ? addUnitCosts(found.sums, sums) : sums });
  }

  groups(): GroupedUnitCosts["groups"] {
    const dearness = ({ sums }: { sums: UnitCostSums }) => totalOfComponents(sums) + sums.trainingAtto;
    return [...this.#byKey.values()].sort((a, b) => {
      const [one, other] = [dearness(a), dearness(b)];
      if (one !== other) return one > other ? -1 : 1;
      return JSON.stringify(a.key) < JSON.stringify(b.key) ? -1 : 1;
    });
  }
}

function sumsOfCalls(row: ModelCostRow): UnitCostSums {
  const { calls, cached, inDoubt, unknownCost, promptTokens, genTokens, priced, inputAtto, generationAtto, lumpAtto } = row;
  return {
    ...NO_UNIT_COSTS,
    ...{ calls, cached, inDoubt, unknownCost, promptTokens, genTokens, lumpAtto },
    pricedTokens: priced.promptTokens + priced.genTokens,
    components: { ...NO_UNIT_COSTS.components, input: inputAtto, generation: generationAtto },
  };
}

function sumsOfFacts({ measure, subject, reason, facts, quantity, costAtto }: UsageFactRow): UnitCostSums {
  const component = MEASURES[measure as Measure]?.component ?? null;
  const unpricedParts = reason === "" ? {} : { [`${measure} ${reason}`]: facts };
  if (component === "training") return { ...NO_UNIT_COSTS, unpricedParts, trainingAtto: costAtto, gpuHours: quantity };
  if (component !== null) return { ...costOf(component, costAtto), unpricedParts };
  // Quantities have 6 decimals, amounts 18.
  if (measure === "revenue_usd") return { ...NO_UNIT_COSTS, revenueAtto: quantity * 10n ** 12n };
  if (measure === "business") return { ...NO_UNIT_COSTS, business: { [subject]: quantity } };
  return NO_UNIT_COSTS;
}

async function gatherRevenue(
  warehouse: Pick<Warehouse, "poolShares">,
  revenue: Revenue,
  question: UnitCostQuestion,
  { period, now }: { period: Period; now: Instant },
  gathered: GatheredSums,
): Promise<void> {
  if (revenue.kind === "per_month") {
    for (const { pool, month, accruedAtto } of poolMonths([revenue.pool], period, now)) {
      const asked = { ...question, month, scope: pool.scope, driver: pool.driver, amountAtto: accruedAtto };
      const { rows } = await warehouse.poolShares(asked);
      for (const { group, shareAtto } of rows) gathered.add(group, { ...NO_UNIT_COSTS, revenueAtto: shareAtto });
    }
    return;
  }
  const month = { start: Math.max(period.start, revenue.from), end: Math.min(period.end, revenue.to ?? NEVER) };
  if (month.start >= month.end) return;
  const { rows } = await warehouse.poolShares({ ...question, month, scope: revenue.scope, driver: "calls", amountAtto: 0n });
  const each = revenue.nano * ATTO_PER_NANO;
  for (const { group, calls } of rows) gathered.add(group, { ...NO_UNIT_COSTS, revenueAtto: each * BigInt(calls) });
}

/** The counts of business that hold for a group at a time: those whose scope the group and the filter are wholly within. */
export function levelsOf(levels: readonly BusinessLevel[], key: UnitCostKey & UnitCostFilter, at: Instant): Record<string, Rational> {
  const found: Record<string, Rational> = {};
  const since = new Map<string, Instant>();
  for (const { name, value, scope, from } of levels) {
    if (from > at || (since.get(name) ?? Number.NEGATIVE_INFINITY) > from || !isWithin(scope, key)) continue;
    since.set(name, from);
    found[name] = value;
  }
  return found;
}

function isWithin(scope: ScopeSelector, key: UnitCostKey & UnitCostFilter): boolean {
  return Object.entries(scope).every(([dimension, value]) => key[dimension as keyof UnitCostFilter] === value);
}

/** What a request of the use case should cost; null when nobody says, or nothing was measured. */
export async function baselineUsd(
  warehouse: Pick<Warehouse, "unitCosts" | "usageFacts" | "poolShares">,
  settings: UnitCostSettings,
  baseline: Baseline,
  now: Instant,
): Promise<Rational | null> {
  if (baseline.kind === "given") return baseline.usd;
  const asked = { period: baseline.period, groupBy: [], filter: { use_case: baseline.useCase }, now };
  const { total } = await groupedUnitCosts(warehouse, settings, asked);
  return perRequest(total) ?? null;
}
