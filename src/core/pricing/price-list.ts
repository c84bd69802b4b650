import { type NameTest, parseNameTest } from "./name-match.ts";
import { isObject, PriceDataError, requireInstantMs, requireText } from "./price-data-error.ts";
import { type PriceFigures, parseFigures } from "./price-figures.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** When a price holds: from an instant on, or every day between two times of the UTC day. */
export type PriceCondition =
  | { readonly kind: "from"; readonly fromMs: number }
  | { readonly kind: "daily"; readonly startMs: number; readonly endMs: number };

export interface ListedPrice {
  readonly condition: PriceCondition | undefined;
  readonly figures: PriceFigures;
}

export interface ListedModel {
  readonly id: string;
  readonly matches: NameTest;
  readonly contextWindow: number | undefined;
  /** The last one whose condition holds counts; the first one when none does. */
  readonly prices: readonly [ListedPrice, ...ListedPrice[]];
}

export interface ListedProvider {
  readonly id: string;
  /** Providers whose models this one sells at their prices, such as Azure those of OpenAI. Asked after its own models, one step deep. */
  readonly fallbackProviders: readonly string[];
  readonly models: readonly ListedModel[];
}

export interface PriceList {
  readonly name: string;
  readonly providers: readonly ListedProvider[];
}

/**
 * Reads the data of pydantic/genai-prices, format 1 or 2 (`prices/data.json`, `prices/new_data/v2/data.json`).
 * @param name first part of the id of every price in it
 * @throws PriceDataError with the path of the first figure that cannot be used; a list is taken whole or not at all
 */
export function parsePriceList(json: unknown, name = "genai-prices"): PriceList {
  if (!Array.isArray(json)) throw new PriceDataError(name, "a list of providers is required");
  return { name, providers: json.map((provider: unknown, index) => parseProvider(provider, `${name}[${index}]`)) };
}

function parseProvider(json: unknown, where: string): ListedProvider {
  if (!isObject(json)) throw new PriceDataError(where, "a provider is required");
  const id = requireText(json.id, `${where}.id`);
  const fallback = json.fallback_model_providers ?? [];
  if (!Array.isArray(json.models) || !Array.isArray(fallback)) throw new PriceDataError(id, "models and fallback providers are lists");
  return {
    id,
    fallbackProviders: fallback.map((other: unknown) => requireText(other, `${id}.fallback_model_providers`)),
    models: json.models.map((model: unknown, index) => parseModel(model, `${id}.models[${index}]`)),
  };
}

function parseModel(json: unknown, where: string): ListedModel {
  if (!isObject(json)) throw new PriceDataError(where, "a model is required");
  const id = requireText(json.id, `${where}.id`);
  const window = json.context_window;
  const conditional: readonly unknown[] = Array.isArray(json.prices) ? json.prices : [{ prices: json.prices }];
  const [first, ...more] = conditional.map((price, index) => parseListedPrice(price, `${where} ${id}.prices[${index}]`));
  if (!first) throw new PriceDataError(`${where} ${id}`, "a model needs a price, if only an empty one");
  return {
    id,
    matches: parseNameTest(json.match, `${where} ${id}.match`),
    contextWindow: typeof window === "number" && Number.isSafeInteger(window) && window > 0 ? window : undefined,
    prices: [first, ...more],
  };
}

function parseListedPrice(json: unknown, where: string): ListedPrice {
  if (!isObject(json) || !isObject(json.prices)) throw new PriceDataError(where, "prices are required");
  return { condition: parseCondition(json.constraint, where), figures: parseFigures(json.prices, where) };
}

function parseCondition(json: unknown, where: string): PriceCondition | undefined {
  if (json === undefined || json === null) return undefined;
  if (!isObject(json)) throw new PriceDataError(where, "a constraint is an object");
  if (json.start_date !== undefined) return { kind: "from", fromMs: requireInstantMs(json.start_date, `${where}.start_date`) };
  return { kind: "daily", startMs: timeOfDayMs(json.start_time, where), endMs: timeOfDayMs(json.end_time, where) };
}

function timeOfDayMs(json: unknown, where: string): number {
  const match = typeof json === "string" ? /^(\d{2}):(\d{2})(?::(\d{2}))?Z$/.exec(json) : null;
  if (!match) throw new PriceDataError(where, `a time of the UTC day is required, not ${String(json)}`);
  return (Number(match[1]) * 60 + Number(match[2])) * MINUTE_MS + Number(match[3] ?? 0) * 1000;
}

/** Index of the price of a model that counts at an instant, if the list says so; conditions are half-open. */
export function listedPriceIndexAt(model: ListedModel, atMs: number): number {
  for (let index = model.prices.length - 1; index >= 0; index--) if (holds(model.prices[index]!.condition, atMs)) return index;
  return 0;
}

function holds(condition: PriceCondition | undefined, atMs: number): boolean {
  if (!condition) return true;
  if (condition.kind === "from") return atMs >= condition.fromMs;
  const time = ((atMs % DAY_MS) + DAY_MS) % DAY_MS;
  const { startMs, endMs } = condition;
  return startMs <= endMs ? time >= startMs && time < endMs : time >= startMs || time < endMs;
}
