import { type Atto, formatDecimal } from "../money/usd.ts";
import type { Instant } from "../time/window.ts";
import type { PricedMeasure } from "./measures.ts";

/** A quantity as an integer of millionths: minutes and hours have parts. */
export type Micro = bigint;
export const QUANTITY_DECIMALS = 6;

/** What one unit of a measure costs from some time on. */
export interface UnitPrice {
  readonly measure: PricedMeasure;
  /** Integer of 10⁻¹² USD, so that times a quantity in millionths it is exact in atto. */
  readonly picoUsd: bigint;
  /** For retrieval: the price of queries for up to so many results. Null: for any number of them. */
  readonly upToK: number | null;
  /** Null: for every use case without a price of its own. */
  readonly useCase: string | null;
  readonly validFrom: Instant;
}

export interface UsedQuantity {
  readonly measure: PricedMeasure;
  readonly quantity: Micro;
  readonly depthK: number | null;
  readonly useCase: string;
}

export type PartCost =
  | { readonly outcome: "priced"; readonly atto: Atto; readonly priceId: string }
  | { readonly outcome: "unpriced"; readonly reason: "no_price" | "no_price_at_k" | "depth_k_missing" };

/**
 * What a quantity cost at a time. Prices of its use case go before those of all, the nearest k that is not below before one for any k, and
 * the latest before earlier ones.
 */
export function pricePart(prices: readonly UnitPrice[], used: UsedQuantity, at: Instant): PartCost {
  const valid = prices.filter(({ measure, validFrom }) => measure === used.measure && validFrom <= at);
  const own = valid.filter(({ useCase }) => useCase !== null && useCase === used.useCase);
  const among = own.length > 0 ? own : valid.filter(({ useCase }) => useCase === null);
  if (among.length === 0) return { outcome: "unpriced", reason: "no_price" };
  const deep = among.filter(({ upToK }) => upToK === null || (used.depthK !== null && upToK >= used.depthK));
  if (deep.length === 0) return { outcome: "unpriced", reason: used.depthK === null ? "depth_k_missing" : "no_price_at_k" };
  const price = deep.reduce((best, next) => (isBetter(next, best) ? next : best));
  return { outcome: "priced", atto: price.picoUsd * used.quantity, priceId: unitPriceId(price) };
}

function isBetter(next: UnitPrice, best: UnitPrice): boolean {
  if (next.upToK !== best.upToK) return best.upToK === null || (next.upToK !== null && next.upToK < best.upToK);
  return next.validFrom > best.validFrom;
}

/** "unit/retrieval_queries@k5/support@2026-01-01T00:00:00.000Z": names one price, as long as the configuration has it. */
export function unitPriceId({ measure, upToK, useCase, validFrom }: UnitPrice): string {
  const since = validFrom <= 0 ? "start" : new Date(validFrom).toISOString();
  return `unit/${measure}${upToK === null ? "" : `@k${upToK}`}${useCase === null ? "" : `/${useCase}`}@${since}`;
}

/** One part of a call, or one event, above a million dollars is a mistake of units. */
export function isImplausible(atto: Atto): boolean {
  return atto > 1_000_000n * 10n ** 18n;
}

/** Cost text of a priced part; null where nobody knows it. */
export function partUsd(cost: PartCost): string | null {
  return cost.outcome === "priced" ? formatDecimal(cost.atto, 18) : null;
}
