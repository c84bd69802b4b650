import type { Atto } from "../money/usd.ts";
import { COST_COMPONENTS, type CostComponentName } from "./measures.ts";
import type { Micro } from "./unit-price.ts";

/** All that adds up about the calls of a group. Amounts are exact; unknown costs are in none of them. */
export interface UnitCostSums {
  /** Calls that reached a provider or were tracked. */
  readonly calls: number;
  readonly cached: number;
  readonly inDoubt: number;
  /** Calls whose model cost is not known. */
  readonly unknownCost: number;
  readonly promptTokens: number;
  readonly genTokens: number;
  /** Of both directions, of calls whose cost is known. */
  readonly pricedTokens: number;
  readonly components: Readonly<Record<CostComponentName, Atto>>;
  /** The part of input and generation that came as one amount. */
  readonly lumpAtto: Atto;
  /** Of training jobs: no part of what requests cost. */
  readonly trainingAtto: Atto;
  readonly gpuHours: Micro;
  /** Null when nobody told of any. */
  readonly revenueAtto: Atto | null;
  /** What was counted of business, by its name. */
  readonly business: Readonly<Record<string, Micro>>;
  /** Reported parts without a price, by "measure reason". */
  readonly unpricedParts: Readonly<Record<string, number>>;
}

const NO_COMPONENTS = Object.fromEntries(COST_COMPONENTS.map((name) => [name, 0n])) as Record<CostComponentName, Atto>;

export const NO_UNIT_COSTS: UnitCostSums = {
  calls: 0,
  cached: 0,
  inDoubt: 0,
  unknownCost: 0,
  promptTokens: 0,
  genTokens: 0,
  pricedTokens: 0,
  components: NO_COMPONENTS,
  lumpAtto: 0n,
  trainingAtto: 0n,
  gpuHours: 0n,
  revenueAtto: null,
  business: {},
  unpricedParts: {},
};

/** One component's worth of sums. */
export function costOf(component: CostComponentName, atto: Atto): UnitCostSums {
  return { ...NO_UNIT_COSTS, components: { ...NO_COMPONENTS, [component]: atto } };
}

export function addUnitCosts(one: UnitCostSums, other: UnitCostSums): UnitCostSums {
  return {
    calls: one.calls + other.calls,
    cached: one.cached + other.cached,
    inDoubt: one.inDoubt + other.inDoubt,
    unknownCost: one.unknownCost + other.unknownCost,
    promptTokens: one.promptTokens + other.promptTokens,
    genTokens: one.genTokens + other.genTokens,
    pricedTokens: one.pricedTokens + other.pricedTokens,
    components: addEach(one.components, other.components, 0n) as Record<CostComponentName, Atto>,
    lumpAtto: one.lumpAtto + other.lumpAtto,
    trainingAtto: one.trainingAtto + other.trainingAtto,
    gpuHours: one.gpuHours + other.gpuHours,
    revenueAtto: one.revenueAtto === null ? other.revenueAtto : one.revenueAtto + (other.revenueAtto ?? 0n),
    business: addEach(one.business, other.business, 0n),
    unpricedParts: addEach(one.unpricedParts, other.unpricedParts, 0),
  };
}

/** The unit cost of all requests of a group: the sum of the seven components. */
export function totalOfComponents({ components }: UnitCostSums): Atto {
  return COST_COMPONENTS.reduce((sum, name) => sum + components[name], 0n);
}

function addEach<Value extends number | bigint>(
  one: Readonly<Record<string, Value>>,
  other: Readonly<Record<string, Value>>,
  nothing: Value,
): Record<string, Value> {
  const sums: Record<string, Value> = { ...one };
  for (const [name, value] of Object.entries(other)) sums[name] = plus(sums[name] ?? nothing, value);
  return sums;
}

function plus<Value extends number | bigint>(one: Value, other: Value): Value {
  // Both are of one kind, which the compiler cannot follow.
  return ((one as bigint) + (other as bigint)) as Value;
}
