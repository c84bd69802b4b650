import { type Price, rateCardFor } from "../pricing/price-book.ts";
import { bandFor } from "../pricing/rate-card.ts";
import type { LeverPrices } from "./lever-evidence.ts";

/** The price book as levers ask it. @param find a price by provider and model, of now */
export function leverPrices(find: (provider: string, model: string) => Price | undefined): LeverPrices {
  return {
    ratesOf({ provider, model, promptTokens, batch }) {
      const price = find(provider, model);
      const card = price && rateCardFor(price, undefined, batch);
      if (!card) return undefined;
      const { input, cacheRead, output } = bandFor(card, promptTokens).rates;
      if (input === undefined) return undefined;
      return { input, cacheRead: cacheRead ?? input, output: output ?? 0n, perRequest: card.perRequest };
    },
  };
}
