import type { PriceView } from "../contract/books-contract.ts";
import { bookedNano, formatDecimal } from "../core/money/usd.ts";
import type { Price, PriceBook } from "../core/pricing/price-book.ts";
import { priceCall } from "../core/pricing/price-call.ts";
import { percentText } from "../core/pricing/price-term.ts";
import { tokenPrices } from "../core/pricing/token-prices.ts";
import type { Instant } from "../core/time/window.ts";
import { NO_USAGE } from "../core/usage/usage.ts";
import type { PriceLookup, TokenCost } from "./api-deps.ts";

/**
 * The price book as the API asks it.
 * @param providers price list ids in the order in which a model without a provider is looked for
 */
export function priceLookup(prices: PriceBook, providers: readonly string[]): PriceLookup {
  const findIn = (lists: readonly string[], model: string, at: Instant): { provider: string; price: Price } | undefined => {
    for (const provider of lists) {
      const price = prices.find(provider, model, at);
      if (price) return { provider, price };
    }
    return undefined;
  };
  return {
    costOf({ model, priceList }, tokens, at): TokenCost {
      const found = findIn(priceList === undefined ? providers : [priceList], model, at);
      const cost = found && priceCall(found.price, { ...NO_USAGE, ...tokens });
      if (!found || cost?.outcome !== "priced") return { outcome: "unpriced" };
      return {
        outcome: "priced",
        provider: found.provider,
        model: found.price.model,
        bookedNano: bookedNano(cost.totalAtto),
        inputUsd: formatDecimal(cost.inputAtto, 18),
        outputUsd: formatDecimal(cost.outputAtto, 18),
        priceId: found.price.id,
      };
    },
    find: (provider, model, at) => prices.find(provider, model, at),
    tokenPrices: (provider, model, promptTokens, at) => tokenPrices(prices.find(provider, model, at), promptTokens),
    show(provider, model, at, book = prices) {
      const among = provider === undefined ? providers : [provider];
      if (model !== undefined) {
        return among.flatMap((name) => {
          const price = book.find(name, model, at);
          return price ? [viewOf(price)] : [];
        });
      }
      return among.flatMap((name) =>
        book.models(name).flatMap((id) => {
          const price = book.find(name, id, at);
          return price ? [viewOf(price)] : [];
        }),
      );
    },
  };
}

/** Atto per token is 10^-12 of USD per million tokens. */
function viewOf(price: Price): PriceView {
  const [path, validFrom = "start"] = splitLast(price.id, "@");
  const rates: PriceView["rates"] = [];
  for (const [variant, card] of [["", price.standard] as const, ...price.variants]) {
    const prefix = variant === "" ? "" : `${variant} `;
    for (const band of card.bands) {
      for (const [component, atto] of Object.entries(band.rates)) {
        if (atto === undefined) continue;
        const above = band.above < 0 ? null : band.above;
        rates.push({ component: prefix + component, per: "million_tokens", usd: formatDecimal(atto, 12), above_input_tokens: above });
      }
    }
    if (card.perRequest > 0n)
      rates.push({ component: `${prefix}request`, per: "request", usd: formatDecimal(card.perRequest, 18), above_input_tokens: null });
    if (card.perWebSearch !== undefined) {
      rates.push({ component: `${prefix}web_search`, per: "search", usd: formatDecimal(card.perWebSearch, 18), above_input_tokens: null });
    }
  }
  return {
    price_id: price.id,
    provider: price.provider,
    model: price.model,
    source: path.split("/")[0] ?? "",
    valid_from: validFrom === "start" ? null : validFrom,
    valid_to: price.toMs === undefined ? null : new Date(price.toMs).toISOString(),
    known_at: price.terms?.knownAtMs === undefined ? null : new Date(price.terms.knownAtMs).toISOString(),
    currency: price.terms?.fxRate?.currency ?? "USD",
    terms: termsOf(price),
    rates,
  };
}

/** What was done to the written price, in whole clauses. */
function termsOf({ terms }: Price): string[] {
  const { contract, fxRate } = terms ?? {};
  const said: string[] = [];
  if (contract) said.push(`contract ${contract.id}: ${percentText(contract.discount)} percent off the list`);
  if (fxRate) {
    const source = fxRate.source === undefined ? "" : `, ${fxRate.source}`;
    said.push(`1 ${fxRate.currency} = ${formatDecimal(fxRate.nanoUsd, 9)} USD${source}`);
  }
  return said;
}

function splitLast(text: string, separator: string): [string, string?] {
  const at = text.lastIndexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}
