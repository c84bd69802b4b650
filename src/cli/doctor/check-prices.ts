import type { Config } from "../../config/config-schema.ts";
import { readPriceBook } from "../../config/read-price-book.ts";
import { Problem } from "../../contract/problem.ts";
import { PROBLEMS } from "../../contract/problem-list.ts";
import type { PriceBook } from "../../core/pricing/price-book.ts";
import { PriceDataError } from "../../core/pricing/price-data-error.ts";
import { type DoctorCheck, fail, ok } from "./doctor-check.ts";

/** Whether the price files load, and whether every model that is routed by its exact name has a price. */
export function checkPrices(config: Pick<Config, "providers" | "routes" | "prices" | "price_files">, now: number): DoctorCheck[] {
  let prices: PriceBook;
  try {
    prices = readPriceBook(config);
  } catch (error) {
    const isOurs = error instanceof PriceDataError || (error instanceof Problem && error.code === "price_file_invalid");
    if (!isOurs) throw error;
    return [fail("prices", error.message, "Correct it; the server does not start without it.")];
  }
  const models = routedModels(config);
  // Who says what each call cost needs no list price, where it is said what such calls hold.
  const reporting = new Set(config.providers.flatMap(({ name, unlisted_hold_usd }) => (unlisted_hold_usd === undefined ? [] : [name])));
  const unpriced = models.filter(({ provider, priceList, model }) => !reporting.has(provider) && !prices.find(priceList, model, now));
  const named = ok(
    "prices",
    `the price files load; ${models.length - unpriced.length} of ${models.length} models that are named exactly have a price, or a hold without one`,
  );
  return [
    named,
    ...unpriced.map(({ provider, priceList, model }) =>
      fail(
        `price ${provider}/${model}`,
        `price list ${priceList} does not have it, so every call to it is refused`,
        PROBLEMS.model_not_priced.remedy,
      ),
    ),
  ];
}

interface RoutedModel {
  readonly provider: string;
  readonly priceList: string;
  readonly model: string;
}

/** Models that providers and routes name without a star, each once. */
export function routedModels({ providers, routes }: Pick<Config, "providers" | "routes">): RoutedModel[] {
  const served = providers.flatMap(({ name, models }) => (models ?? []).map((model) => ({ provider: name, model })));
  const wanted = [...served, ...routes.flatMap(({ targets }) => targets)].filter(({ model }) => !model.includes("*"));
  const found = new Map<string, RoutedModel>();
  for (const { provider: name, model } of wanted) {
    const provider = providers.find((one) => one.name === name);
    if (!provider) continue;
    const ownList = provider.kind === "openai" || provider.kind === "anthropic";
    found.set(`${name}/${model}`, { provider: name, priceList: provider.price_list ?? (ownList ? provider.kind : name), model });
  }
  return [...found.values()];
}
