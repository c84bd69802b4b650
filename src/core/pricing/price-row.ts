import { type NameTest, parseNameTest } from "./name-match.ts";
import { isObject, PriceDataError, requireText } from "./price-data-error.ts";
import { PRICE_KEYS, type PriceFigures, parseFactor, parseFigures } from "./price-figures.ts";
import { type Dated, parseDated, requireCurrency } from "./price-term.ts";

/** Which way of calling a model a row prices. A batch or tier that no row prices has no price. */
export type PriceVariant = "standard" | "batch" | `tier:${string}`;

/** One row of `prices/ballast-prices.json`, or one override of the configuration. */
export interface PriceRow extends Dated {
  readonly provider: string;
  /** The exact name, where the row gives one; such rows make a model known that no list has. */
  readonly models: readonly string[];
  readonly matches: NameTest;
  readonly variant: PriceVariant;
  readonly figures: PriceFigures;
  /** In millionths: the standard token prices times this, where the row has no figure of its own. */
  readonly multiplier: bigint | undefined;
  readonly free: boolean;
  /** A row of our supplement that is right where a list is wrong. Rows of the configuration always replace. */
  readonly replaces: boolean;
  readonly contextWindow: number | undefined;
  /** What the figures are in: USD, or a currency that needs a rate. */
  readonly currency: string;
}

const ROW_KEYS: ReadonlySet<string> = new Set([
  ...PRICE_KEYS,
  ...["provider", "model", "models", "match", "service_tier", "batch", "multiplier", "tiers", "context_window", "free"],
  ...["valid_from", "valid_to", "known_at", "currency", "replaces", "source", "as_of", "note"],
]);

/** Tiers that are the standard price under another name, at every provider we know of (2026-07). */
const STANDARD_TIERS: ReadonlySet<string> = new Set(["default", "standard", "auto", "on_demand", "standard_only"]);

/** "default" and its synonyms, or no tier at all, are the standard price. */
export function tierVariant(serviceTier: string | undefined): PriceVariant {
  if (serviceTier === undefined) return "standard";
  const tier = serviceTier.toLowerCase();
  if (STANDARD_TIERS.has(tier)) return "standard";
  return tier === "batch" ? "batch" : `tier:${tier}`;
}

/** Reads `prices/ballast-prices.json`. @throws PriceDataError naming the row */
export function parsePriceSupplement(json: unknown, name = "ballast-prices"): PriceRow[] {
  if (!isObject(json) || json.format !== "ballast-prices/1") throw new PriceDataError(name, "format ballast-prices/1 is required");
  const rows = parsePriceRows(json.rows, `${name}.rows`);
  // A file may say of all its rows when they became known; a row of its own says it for itself.
  const { knownAtMs } = parseDated({ known_at: json.known_at }, name);
  return rows.map((row) => ({ ...row, knownAtMs: Math.max(row.knownAtMs, knownAtMs) }));
}

/**
 * Reads rows of prices: the supplement's `rows`, or the configuration's `prices.overrides`.
 * @throws PriceDataError naming the row: an unknown key here would be a price that somebody believes in and nobody charges
 */
export function parsePriceRows(json: unknown, where: string): PriceRow[] {
  if (!Array.isArray(json)) throw new PriceDataError(where, "a list of price rows is required");
  return json.map((row: unknown, index) => parseRow(row, `${where}[${index}]`));
}

function parseRow(json: unknown, where: string): PriceRow {
  if (!isObject(json)) throw new PriceDataError(where, "a price row is required");
  for (const key of Object.keys(json)) if (!ROW_KEYS.has(key)) throw new PriceDataError(where, `unknown key ${key}`);
  const models = modelNames(json, where);
  const free = json.free === true;
  const figures = parseFigures(withTiers(json, where), where);
  const multiplier = json.multiplier === undefined ? undefined : parseFactor(json.multiplier, `${where}.multiplier`);
  if (figures.size === 0 && !free && multiplier === undefined) throw new PriceDataError(where, "a price is required, or free: true");
  if (figures.size > 0 && free) throw new PriceDataError(where, "free: true leaves no room for a price");
  const names = new Set(models.map((model) => model.toLowerCase()));
  const variant = variantOf(json, where);
  if (multiplier !== undefined && variant === "standard") throw new PriceDataError(where, "a multiplier is for batch or a service tier");
  return {
    provider: requireText(json.provider, `${where}.provider`),
    models,
    matches: json.match === undefined ? (name) => names.has(name.toLowerCase()) : parseNameTest(json.match, `${where}.match`),
    variant,
    figures,
    multiplier,
    free,
    replaces: json.replaces === true,
    contextWindow: contextWindow(json.context_window, where),
    currency: requireCurrency(json.currency, `${where}.currency`),
    ...parseDated(json, where),
  };
}

function modelNames(json: Record<string, unknown>, where: string): string[] {
  const given = [json.model, json.models, json.match].filter((value) => value !== undefined);
  if (given.length !== 1) throw new PriceDataError(where, "one of model, models and match is required");
  if (json.match !== undefined) return [];
  const names = json.model === undefined ? json.models : [json.model];
  if (!Array.isArray(names) || names.length === 0) throw new PriceDataError(where, "models is a list of names");
  return names.map((name: unknown) => requireText(name, `${where}.models`));
}

function variantOf(json: Record<string, unknown>, where: string): PriceVariant {
  if (json.batch === true && json.service_tier !== undefined) throw new PriceDataError(where, "batch or service_tier, not both");
  if (json.batch === true) return "batch";
  return json.service_tier === undefined ? "standard" : tierVariant(requireText(json.service_tier, `${where}.service_tier`));
}

/** `tiers: [{ above: 200000, input_mtok: 6, output_mtok: 22.5 }]`, as people write it, into the list format's tiers per key. */
function withTiers(json: Record<string, unknown>, where: string): Record<string, unknown> {
  if (json.tiers === undefined) return json;
  if (!Array.isArray(json.tiers)) throw new PriceDataError(`${where}.tiers`, "a list is required");
  const merged: Record<string, unknown> = { ...json };
  for (const key of PRICE_KEYS) {
    const tiers = json.tiers.filter((tier: unknown) => isObject(tier) && tier[key] !== undefined);
    if (tiers.length === 0) continue;
    if (json[key] === undefined) throw new PriceDataError(`${where}.tiers`, `${key} has a tier but no base`);
    merged[key] = { base: json[key], tiers: tiers.map((tier) => ({ start: tier.above, price: tier[key] })) };
  }
  for (const tier of json.tiers) {
    const known = isObject(tier) && Object.keys(tier).every((key) => key === "above" || (PRICE_KEYS as readonly string[]).includes(key));
    if (!known) throw new PriceDataError(`${where}.tiers`, "a tier has above and prices");
  }
  return merged;
}

function contextWindow(value: unknown, where: string): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value <= 0)
    throw new PriceDataError(where, "context_window is a token count");
  return value;
}
