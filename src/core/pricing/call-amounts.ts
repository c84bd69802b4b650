import { type Atto, bookedNano, type Nano } from "../money/usd.ts";
import type { Usage } from "../usage/usage.ts";
import { missingAudioPrice } from "./audio-price.ts";
import type { KnownPrices } from "./known-books.ts";
import type { Price } from "./price-book.ts";
import { type CostComponent, priceCall } from "./price-call.ts";
import { inForce, markedUp } from "./price-term.ts";

/** A call to be priced: what it used, and where its price is looked up. */
export interface UsedCall {
  /** Id in the price list. */
  readonly provider: string;
  readonly model: string;
  /** Undefined or empty: the standard one. */
  readonly serviceTier: string | undefined;
  readonly tenant: string;
  readonly usage: Usage;
}

/** The three amounts of a call (FOCUS: ListCost, ContractedCost, BilledCost), each rounded up once to a nano-dollar. */
export type CallAmounts =
  | {
      readonly outcome: "priced";
      readonly price: Price;
      /** At the prices of lists; null where no list has one. */
      readonly listNano: Nano | null;
      /** What we owe the provider, and what budgets are booked with. */
      readonly contractedNano: Nano;
      /** What the tenant is billed: the contracted cost with the markup. */
      readonly billedNano: Nano;
      /** The contracted cost before rounding, and its parts. */
      readonly totalAtto: Atto;
      readonly components: readonly CostComponent[];
    }
  | { readonly outcome: "unpriced"; readonly reason: string };

/**
 * What a call cost at an instant, by what was known of prices at a time. The rules are those of the gateway, so that pricing a call
 * again by what was known when it was made gives what was booked.
 */
export function callAmounts({ book, listBook, markups }: KnownPrices, call: UsedCall, atMs: number): CallAmounts {
  const { provider, model, usage, tenant } = call;
  const serviceTier = call.serviceTier || undefined;
  const price = book.find(provider, model, atMs);
  if (!price) {
    const currency = book.currencyWithoutRate(provider, model, atMs);
    return { outcome: "unpriced", reason: currency === undefined ? "no_price" : `no_fx_rate: ${currency}` };
  }
  const audio = { takesAudio: usage.inputAudioTokens > 0, givesAudio: usage.outputAudioTokens > 0 };
  const missing = missingAudioPrice(price, audio, serviceTier === undefined ? [] : [serviceTier]);
  if (missing !== undefined) return { outcome: "unpriced", reason: `no_price_for_unit: ${missing}` };
  const cost = priceCall(price, usage, { serviceTier });
  if (cost.outcome === "unpriced") return { outcome: "unpriced", reason: [cost.reason, cost.detail].filter(Boolean).join(": ") };
  const listPrice = listBook.find(provider, model, atMs);
  // With nothing of ours in it the standard price is the list's, and need not be worked out twice.
  const isListed = serviceTier === undefined && price.terms === undefined && listPrice?.id === price.id;
  const listed = isListed ? cost : listPrice && priceCall(listPrice, usage, { serviceTier });
  const markup = inForce(
    markups.filter(
      (one) =>
        (one.tenant === undefined || one.tenant === tenant) &&
        (one.provider === undefined || one.provider === provider) &&
        one.matches(model),
    ),
    atMs,
  );
  return {
    outcome: "priced",
    price,
    listNano: listed?.outcome === "priced" ? bookedNano(listed.totalAtto) : null,
    contractedNano: bookedNano(cost.totalAtto),
    billedNano: bookedNano(markedUp(cost.totalAtto, markup)),
    totalAtto: cost.totalAtto,
    components: cost.components,
  };
}
