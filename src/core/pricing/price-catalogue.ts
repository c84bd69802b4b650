import { parseDecimal } from "../money/usd.ts";
import { isObject, PriceDataError } from "./price-data-error.ts";
import { PRICE_KEYS } from "./price-figures.ts";
import { listedPriceIndexAt, parsePriceList } from "./price-list.ts";

/** What a published catalogue says on one day, flat, for comparing: prices by model and component, whatever the component is. */
export interface PriceCatalogue {
  readonly format: "litellm" | "genai-prices";
  readonly models: ReadonlyMap<string, CatalogueModel>;
}

export interface CatalogueModel {
  readonly provider: string;
  readonly model: string;
  /** By component, such as "input_cost_per_token" or "input_mtok above 200000": as the catalogue calls it. */
  readonly prices: ReadonlyMap<string, CataloguePrice>;
}

export interface CataloguePrice {
  /** USD for `per`, an integer of 10^-CATALOGUE_SCALE. */
  readonly usd: bigint;
  readonly per: "million tokens" | "thousand" | "unit";
}

export const CATALOGUE_SCALE = 24;
/** Doubles carry 15 digits; what stands behind them in a catalogue is the noise of the arithmetic it was computed with. */
const SURE_DIGITS = 15;

/**
 * Reads a catalogue of either kind.
 * @param atMs which prices count where a catalogue has several by date
 * @throws PriceDataError on anything that is neither
 */
export function parseCatalogue(json: unknown, atMs: number, name: string): PriceCatalogue {
  if (Array.isArray(json)) return genaiCatalogue(json, atMs, name);
  if (isObject(json) && Object.values(json).some((entry) => isObject(entry) && "litellm_provider" in entry)) return litellmCatalogue(json);
  throw new PriceDataError(name, "neither a LiteLLM catalogue (an object of models) nor one of genai-prices (a list of providers)");
}

/** An entry that shows how entries are written. */
const LITELLM_SAMPLE = "sample_spec";

function litellmCatalogue(json: Readonly<Record<string, unknown>>): PriceCatalogue {
  const models = new Map<string, CatalogueModel>();
  for (const [model, entry] of Object.entries(json)) {
    if (model === LITELLM_SAMPLE || !isObject(entry)) continue;
    const provider = typeof entry.litellm_provider === "string" ? entry.litellm_provider : "";
    models.set(model, { provider, model, prices: litellmPrices(entry, model) });
  }
  return { format: "litellm", models };
}

function litellmPrices(entry: Readonly<Record<string, unknown>>, model: string): Map<string, CataloguePrice> {
  const prices = new Map<string, CataloguePrice>();
  for (const [key, value] of Object.entries(entry)) {
    if (!key.includes("cost")) continue;
    const parts = isObject(value)
      ? Object.entries(value).map(([part, price]) => [`${key}.${part}`, price] as const)
      : [[key, value] as const];
    for (const [component, price] of parts) {
      if (typeof price !== "number") continue;
      const perToken = /_per_token|token_cost|_per_(audio|image|reasoning)_token/.test(key);
      const usd = exact(price, `${model}.${component}`);
      prices.set(component, perToken ? { usd: usd * 1_000_000n, per: "million tokens" } : { usd, per: "unit" });
    }
  }
  return prices;
}

function exact(price: number, where: string): bigint {
  const usd = parseDecimal(price.toPrecision(SURE_DIGITS), CATALOGUE_SCALE, "up");
  if (usd === undefined) throw new PriceDataError(where, `not a price: ${price}`);
  return usd;
}

function genaiCatalogue(json: readonly unknown[], atMs: number, name: string): PriceCatalogue {
  const models = new Map<string, CatalogueModel>();
  for (const provider of parsePriceList(withinScale(json), name).providers) {
    for (const model of provider.models) {
      const figures = model.prices[listedPriceIndexAt(model, atMs)]?.figures;
      const prices = new Map<string, CataloguePrice>();
      for (const key of PRICE_KEYS) {
        const figure = figures?.get(key);
        if (!figure) continue;
        const [per, atto] = key.endsWith("_mtok") ? (["million tokens", 10n ** 12n] as const) : (["thousand", 10n ** 9n] as const);
        // Figures are atto per token and per one: 10^-18, shown for a million or a thousand.
        prices.set(key, { usd: figure.base * atto, per });
        for (const tier of figure.tiers) prices.set(`${key} above ${tier.above}`, { usd: tier.price * atto, per });
      }
      models.set(`${provider.id}/${model.id}`, { provider: provider.id, model: model.id, prices });
    }
  }
  return { format: "genai-prices", models };
}

/** Figures with more decimals than a price can have here, rounded up as `prices/README.md` says, in a copy. */
export function withinScale(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(withinScale);
  if (isObject(json)) return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, withinScale(value)]));
  if (typeof json !== "number" || Number.isInteger(json)) return json;
  const digits = parseDecimal(json.toPrecision(SURE_DIGITS), 12, "up");
  return digits === undefined ? json : Number(`${digits}e-12`);
}
