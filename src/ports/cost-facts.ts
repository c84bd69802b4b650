import type { PricePart } from "../core/pricing/price-sources.ts";

/** What a warehouse keeps of costs beyond traces: what was known of prices and when, and corrections of what calls cost. */
export interface CostFacts {
  /** What was known of prices, oldest first. @throws Problem warehouse_unavailable, as everything here */
  priceVersions(): Promise<readonly PriceVersion[]>;
  /** The parts of a version. */
  priceParts(version: PriceVersion): Promise<readonly PricePart[]>;
  /**
   * Keeps what is known of prices from an instant on, durably. Does nothing when that is what is known already,
   * or when something else became known later.
   * @returns whether it was something new
   */
  rememberPrices(parts: readonly PricePart[], knownAt: Date): Promise<boolean>;
  /** How many calls each minute has, oldest first, of those that have any. */
  callsPerMinute(from: Date, to: Date): Promise<readonly { readonly minuteMs: number; readonly calls: number }[]>;
  /** Models that measured calls were priced as. */
  calledModels(from: Date, to: Date): Promise<readonly CalledModel[]>;
  /** Measured calls that we priced, those of one use together. */
  usageShapes(question: ShapesQuestion): Promise<readonly UsageShape[]>;
  /**
   * For each call of these uses that still costs what the shape says: a fact that takes its cost back and one with the new cost.
   * Facts that a repricing wrote before it was cut off are not written again: such calls cost something else by then.
   */
  appendRepriced(repricing: Repricing, question: ShapesQuestion, shapes: readonly RepricedShape[]): Promise<void>;
  factTotals(from: Date, to: Date): Promise<readonly FactTotal[]>;
}

export interface PriceVersion {
  readonly knownAtMs: number;
  /** Of all parts. */
  readonly checksum: string;
  readonly parts: readonly { readonly kind: string; readonly name: string; readonly checksum: string }[];
}

export interface CalledModel {
  /** As the configuration called it when the call was made. */
  readonly provider: string;
  readonly model: string;
  readonly priceId: string;
}

export interface ShapesQuestion {
  readonly from: Date;
  readonly to: Date;
  /** Instants at which prices change, ascending, the first not after `from`. */
  readonly cuts: readonly number[];
  /** Whether calls of different tenants are different uses. */
  readonly byTenant: boolean;
}

/** Calls that used the same, between two changes of prices, and cost the same now. */
export interface UsageShape extends CalledModel {
  readonly serviceTier: string;
  /** Empty unless tenants were asked to be told apart. */
  readonly tenant: string;
  /** The calls lie between `cuts[epoch - 1]` and the cut after it. */
  readonly epoch: number;
  readonly promptTokens: number;
  readonly genTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly reasoningTokens: number;
  /** The counts without a column: "name=count,name=count". */
  readonly details: string;
  /** Decimal text, of one call: the sum of its facts. */
  readonly currentUsd: string;
  readonly calls: number;
}

export interface RepricedShape {
  readonly shape: UsageShape;
  readonly priceId: string;
  /** Decimal text; null where no list has a price. */
  readonly listUsd: string | null;
  readonly contractedUsd: string;
  readonly billedUsd: string;
}

export interface Repricing {
  readonly id: string;
  readonly knownAt: Date;
  /** Of this repricing, never used twice. */
  readonly batch: number;
}

export interface FactTotal {
  readonly kind: "original" | "reversal" | "repriced";
  /** Of originals: the basis of the cost, or "reported" where the application said it. */
  readonly basis: string;
  readonly provider: string;
  readonly model: string;
  readonly facts: number;
  /** Facts whose cost is not known, and not in the sum. */
  readonly unknown: number;
  readonly contractedUsd: string;
}
