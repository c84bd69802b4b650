import type { UnitCostFilter, UnitCostGroup } from "../contract/unit-cost-groups.ts";
import type { RunKind } from "../contract/usage-events-contract.ts";
import type { Atto } from "../core/money/usd.ts";
import type { ScopeSelector } from "../core/scope/scope.ts";
import type { Instant, Period } from "../core/time/window.ts";
import type { PoolDriver } from "../core/unit-cost/cost-pool.ts";
import type { Micro } from "../core/unit-cost/unit-price.ts";

/** What unit costs ask of the warehouse: over [from, to), by groups. A group that was not asked for is absent from the rows. */
export interface UnitCostQuestion {
  readonly from: Date;
  readonly to: Date;
  readonly groupBy: readonly UnitCostGroup[];
  /** All must match; "" matches what is without that dimension. */
  readonly filter: UnitCostFilter;
}

export type UnitCostKey = Readonly<Partial<Record<UnitCostGroup, string>>>;

/** Calls of a group and what their models cost, by side. Amounts are exact, of the calls whose cost is known. */
export interface ModelCostRow {
  readonly group: UnitCostKey;
  /** Calls that reached a provider or were tracked. */
  readonly calls: number;
  /** Answers given again from the cache or an Idempotency-Key. */
  readonly cached: number;
  readonly inDoubt: number;
  /** Calls whose cost is not known: unpriced or in doubt. */
  readonly unknownCost: number;
  readonly promptTokens: number;
  readonly genTokens: number;
  /** The same of calls whose cost is known. */
  readonly priced: { readonly calls: number; readonly promptTokens: number; readonly cacheReadTokens: number; readonly genTokens: number };
  readonly inputAtto: Atto;
  readonly generationAtto: Atto;
  /** The part of both that came as one amount. */
  readonly lumpAtto: Atto;
}

/** What applications told of, per measure. */
export interface UsageFactRow {
  readonly group: UnitCostKey;
  readonly measure: string;
  readonly subject: string;
  /** Why these have no price; "" when they have one, or are nothing that costs. */
  readonly reason: string;
  readonly facts: number;
  readonly quantity: Micro;
  readonly costAtto: Atto;
}

export interface PoolQuestion extends UnitCostQuestion {
  /** Whose calls share it, over which time. */
  readonly month: Period;
  readonly scope: ScopeSelector;
  readonly driver: PoolDriver;
  readonly amountAtto: Atto;
}

export interface PoolShares {
  /** Null when no call could be charged: none was made, or none has weight. */
  readonly sharedAtto: Atto | null;
  /** Those of the question's period and filter; calls of the pool's scope. */
  readonly rows: readonly { readonly group: UnitCostKey; readonly calls: number; readonly shareAtto: Atto }[];
}

export interface RunLivesQuestion {
  readonly from: Date;
  readonly to: Date;
  readonly kind: RunKind;
  readonly tenant: string | undefined;
}

/** Spending within the question's time; starts and ends before its end. */
export interface RunLife {
  readonly tenant: string;
  readonly name: string;
  /** Traces that name it, those of refused calls too. */
  readonly calls: number;
  /** Usage that events and spans told under its name. */
  readonly facts: number;
  readonly firstSpentAt: Instant | null;
  readonly lastSpentAt: Instant | null;
  readonly startedAt: Instant | null;
  readonly endedAt: Instant | null;
}
