import type { Atto } from "../money/usd.ts";
import { partitionUsage, type UsagePartition } from "../usage/partition-usage.ts";
import type { Usage } from "../usage/usage.ts";
import { type Price, rateCardFor } from "./price-book.ts";
import { bandFor, type RateCard, type TokenRates } from "./rate-card.ts";
import { type PricedUnit, UNIT_PRICES } from "./unit-prices.ts";

export type TokenUnit = keyof TokenRates & keyof UsagePartition;
export type CostUnit = TokenUnit | "request" | "webSearch" | PricedUnit;

export interface CostComponent {
  readonly unit: CostUnit;
  readonly count: number;
  readonly atto: Atto;
}

export interface PricedCall {
  readonly outcome: "priced";
  readonly priceId: string;
  readonly inputAtto: Atto;
  readonly outputAtto: Atto;
  /** Fees per request and per search, and all that is counted otherwise than in tokens. */
  readonly otherAtto: Atto;
  /** Exact, and the sum of the components. Rounded once, by `bookedNano`. */
  readonly totalAtto: Atto;
  /** One for each unit with a count above zero. */
  readonly components: readonly CostComponent[];
}

export type UnpricedReason = "no_price_for_unit" | "no_price_for_variant" | "inconsistent_usage" | "unknown_usage_unit";

/** A cost that nobody knows. Never to be read as zero. */
export interface UnpricedCall {
  readonly outcome: "unpriced";
  readonly reason: UnpricedReason;
  /** The unit or the variant without a price; the path of a count that no reader knows. */
  readonly detail?: string;
}

export type CallCost = PricedCall | UnpricedCall;

const INPUT_UNITS = [
  ...(["input", "cacheRead", "cacheWrite5m", "cacheWrite1h", "cacheWrite"] as const),
  ...(["inputAudio", "cacheAudioRead", "inputImage", "cacheImageRead", "inputVideo", "cacheVideoRead"] as const),
] satisfies TokenUnit[];
const OUTPUT_UNITS = ["output", "reasoning", "outputAudio", "outputImage", "outputVideo", "citation"] as const satisfies TokenUnit[];

/**
 * What a call cost, exactly, in one multiplication per unit used. The tier follows from all input tokens, cached ones included, and
 * holds for every token of the call, as in genai-prices.
 * @param price as found for the moment the call started
 * @param how the tier that the answer names, where it names one; otherwise the one that was asked for
 */
export function priceCall(
  price: Price,
  usage: Usage,
  how: { readonly serviceTier?: string | undefined; readonly batch?: boolean } = {},
): CallCost {
  const card = rateCardFor(price, how.serviceTier, how.batch === true);
  if (!card) return { outcome: "unpriced", reason: "no_price_for_variant", detail: how.batch ? "batch" : `${how.serviceTier}` };
  const counts = partitionUsage(usage);
  if (!counts) return { outcome: "unpriced", reason: "inconsistent_usage" };
  const { rates } = bandFor(card, usage.inputTokens);
  const components: CostComponent[] = [];
  const inputAtto = addTokens(components, INPUT_UNITS, counts, rates);
  if (typeof inputAtto === "string") return { outcome: "unpriced", reason: "no_price_for_unit", detail: inputAtto };
  const outputAtto = addTokens(components, OUTPUT_UNITS, counts, rates);
  if (typeof outputAtto === "string") return { outcome: "unpriced", reason: "no_price_for_unit", detail: outputAtto };
  const otherAtto = addOthers(components, usage, card);
  if (typeof otherAtto === "string") return { outcome: "unpriced", reason: "no_price_for_unit", detail: otherAtto };
  return {
    outcome: "priced",
    priceId: price.id,
    inputAtto,
    outputAtto,
    otherAtto,
    totalAtto: inputAtto + outputAtto + otherAtto,
    components,
  };
}

/** @returns the sum, or the first unit that was used and has no price */
function addTokens(components: CostComponent[], units: readonly TokenUnit[], counts: UsagePartition, rates: TokenRates): Atto | TokenUnit {
  let sum = 0n;
  for (const unit of units) {
    const count = counts[unit];
    if (count === 0) continue;
    const rate = rates[unit];
    if (rate === undefined) return unit;
    const atto = BigInt(count) * rate;
    components.push({ unit, count, atto });
    sum += atto;
  }
  return sum;
}

/** @returns the sum, or the first unit that was used and has no price */
function addOthers(components: CostComponent[], usage: Usage, card: RateCard): Atto | CostUnit {
  let sum = 0n;
  if (card.perRequest > 0n) {
    const count = usage.units?.requests ?? 1;
    const atto = BigInt(count) * card.perRequest;
    if (count > 0) components.push({ unit: "request", count, atto });
    sum += atto;
  }
  if (usage.webSearches > 0) {
    if (card.perWebSearch === undefined) return "webSearch";
    const atto = BigInt(usage.webSearches) * card.perWebSearch;
    components.push({ unit: "webSearch", count: usage.webSearches, atto });
    sum += atto;
  }
  if (usage.units === undefined) return sum;
  for (const [unit, count] of Object.entries(usage.units) as [PricedUnit | "requests", number][]) {
    if (unit === "requests" || count === 0) continue;
    const figure = card.perUnit.get(unit);
    if (figure === undefined) return unit;
    // Up to an atto-dollar, where the figure is for more than one: we never charge less than we owe.
    const { units } = UNIT_PRICES[unit];
    const atto = (BigInt(count) * figure + units - 1n) / units;
    components.push({ unit, count, atto });
    sum += atto;
  }
  return sum;
}
