import { invariant } from "../invariant.ts";
import { type Atto, bookedNano, type Nano } from "../money/usd.ts";
import { isCount } from "../usage/partition-usage.ts";
import { type Price, rateCardFor } from "./price-book.ts";
import type { UnpricedCall } from "./price-call.ts";
import { bandFor, dearest, type RateCard } from "./rate-card.ts";

/** What a call can use at the most. */
export interface CallBound {
  readonly inputTokens: number;
  /** Over all choices, reasoning included. */
  readonly outputTokens: number;
  readonly mayUseAudio: boolean;
  /** Images and video, in or out. */
  readonly mayUseImages: boolean;
  readonly webSearches: number;
  /** Requests that may be sent and billed for this call. */
  readonly requests: number;
}

export type CallCeiling = { readonly outcome: "bounded"; readonly nano: Nano } | UnpricedCall;

/**
 * The most that a call can cost: every token at the dearest rate it may turn out to have, over all tiers that so many input tokens
 * reach and all service tiers it may be billed at; rounded up to a nano-dollar.
 * @param how service tiers that the provider may bill; the standard one is always among them
 * @returns "unpriced" when the call may use what has no price: it cannot be held, hence it should be refused
 * @throws InvariantError on a bound that is no count
 */
export function callCeiling(
  price: Price,
  bound: CallBound,
  how: { readonly serviceTiers?: readonly string[]; readonly batch?: boolean } = {},
): CallCeiling {
  invariant(
    isCount(bound.inputTokens) && isCount(bound.outputTokens) && isCount(bound.webSearches) && isCount(bound.requests),
    "a bound must be a whole number from 0 up",
  );
  const most = how.batch ? 0n : cardCeiling(price.standard, bound);
  if (typeof most !== "bigint") return most;
  let ceiling = most;
  for (const tier of how.batch ? ["batch"] : (how.serviceTiers ?? [])) {
    const card = rateCardFor(price, tier, false);
    if (!card) return { outcome: "unpriced", reason: "no_price_for_variant", detail: tier };
    if (card === price.standard) continue;
    const cost = cardCeiling(card, bound);
    if (typeof cost !== "bigint") return cost;
    if (cost > ceiling) ceiling = cost;
  }
  return { outcome: "bounded", nano: bookedNano(ceiling) };
}

function cardCeiling(card: RateCard, bound: CallBound): Atto | UnpricedCall {
  const rates = bandFor(card, bound.inputTokens).dearest;
  let input = rates.input;
  let output = rates.output;
  if (bound.mayUseAudio) {
    input = dearest(input, rates.inputAudio);
    output = dearest(output, rates.outputAudio);
  }
  if (bound.mayUseImages) {
    input = dearest(input, rates.inputImage);
    output = dearest(output, rates.outputImage);
  }
  let cost = 0n;
  if (bound.inputTokens > 0) {
    if (input === undefined) return { outcome: "unpriced", reason: "no_price_for_unit", detail: "input" };
    cost += BigInt(bound.inputTokens) * input;
  }
  if (bound.outputTokens > 0) {
    if (output === undefined) return { outcome: "unpriced", reason: "no_price_for_unit", detail: "output" };
    cost += BigInt(bound.outputTokens) * output;
  }
  if (bound.webSearches > 0) {
    if (card.perWebSearch === undefined) return { outcome: "unpriced", reason: "no_price_for_unit", detail: "webSearch" };
    cost += BigInt(bound.webSearches) * card.perWebSearch;
  }
  if (card.perRequest > 0n) cost += BigInt(bound.requests) * card.perRequest;
  return cost;
}
