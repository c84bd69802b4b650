import type { Nano } from "../money/usd.ts";
import type { Rational } from "../scenario/rational.ts";
import type { ScopeSelector } from "../scope/scope.ts";
import type { Instant, Period } from "../time/window.ts";
import type { CostPool } from "./cost-pool.ts";
import type { UnitPrice } from "./unit-price.ts";

/** What an operator says about unit costs. */
export interface UnitCostSettings {
  readonly prices: readonly UnitPrice[];
  readonly pools: readonly CostPool[];
  readonly revenue: readonly Revenue[];
  readonly levels: readonly BusinessLevel[];
  readonly baselines: readonly Baseline[];
  /** How long after its last spending a run that was started and not ended counts as abandoned. */
  readonly abandonedAfterMs: number;
}

/** What calls of a scope earn: a month's amount shared over its requests, or so much each. */
export type Revenue =
  | { readonly kind: "per_month"; readonly pool: CostPool }
  | {
      readonly kind: "per_request";
      readonly nano: Nano;
      readonly scope: ScopeSelector;
      readonly from: Instant;
      readonly to: Instant | null;
    };

/** A count of business that stands for a while, such as customers. It is told for what is wholly within its scope. */
export interface BusinessLevel {
  readonly name: string;
  readonly value: Rational;
  readonly scope: ScopeSelector;
  readonly from: Instant;
}

/** What a request of a use case should cost: a given amount, or what it cost in a period. */
export type Baseline = { readonly useCase: string } & (
  | { readonly kind: "given"; readonly usd: Rational }
  | { readonly kind: "measured"; readonly period: Period }
);

export const NO_UNIT_COST_SETTINGS: UnitCostSettings = {
  prices: [],
  pools: [],
  revenue: [],
  levels: [],
  baselines: [],
  abandonedAfterMs: 24 * 3_600_000,
};
