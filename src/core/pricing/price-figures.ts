import { type Atto, parseDecimal } from "../money/usd.ts";
import { isObject, PriceDataError } from "./price-data-error.ts";

/** What one unit costs: `base`, or the price of the last tier whose start the call's input tokens exceed. */
export interface Figure {
  readonly base: Atto;
  /** Ascending by `above`. */
  readonly tiers: readonly { readonly above: number; readonly price: Atto }[];
}

/**
 * Digits after the point of the file's figure that make one atto per unit: USD per million tokens, USD per thousand, USD apiece. A figure by the
 * hour stays by the hour, since most are no whole number of atto-dollars a millisecond.
 */
const ATTO_SCALE = { mtok: 12, kcount: 15, gpixels: 9, hours: 18, each: 18 } as const;

/** The price keys that a call of our dialects can use. Keys are those of genai-prices, units.yml, 2026-11; those of images, classifications and seats are ours. */
const SCALE_BY_KEY = {
  input_mtok: ATTO_SCALE.mtok,
  cache_read_mtok: ATTO_SCALE.mtok,
  cache_write_mtok: ATTO_SCALE.mtok,
  cache_write_5m_mtok: ATTO_SCALE.mtok,
  cache_write_1h_mtok: ATTO_SCALE.mtok,
  input_audio_mtok: ATTO_SCALE.mtok,
  cache_audio_read_mtok: ATTO_SCALE.mtok,
  input_image_mtok: ATTO_SCALE.mtok,
  cache_image_read_mtok: ATTO_SCALE.mtok,
  input_video_mtok: ATTO_SCALE.mtok,
  cache_video_read_mtok: ATTO_SCALE.mtok,
  output_mtok: ATTO_SCALE.mtok,
  output_audio_mtok: ATTO_SCALE.mtok,
  output_image_mtok: ATTO_SCALE.mtok,
  output_video_mtok: ATTO_SCALE.mtok,
  output_reasoning_mtok: ATTO_SCALE.mtok,
  output_citation_mtok: ATTO_SCALE.mtok,
  requests_kcount: ATTO_SCALE.kcount,
  web_searches_kcount: ATTO_SCALE.kcount,
  input_audio_hours: ATTO_SCALE.hours,
  output_audio_hours: ATTO_SCALE.hours,
  input_mchars: ATTO_SCALE.mtok,
  input_images_kcount: ATTO_SCALE.kcount,
  output_images_kcount: ATTO_SCALE.kcount,
  input_gpixels: ATTO_SCALE.gpixels,
  input_document_kpages: ATTO_SCALE.kcount,
  input_annotated_document_kpages: ATTO_SCALE.kcount,
  input_text_messages_kcount: ATTO_SCALE.kcount,
  rerank_searches_kcount: ATTO_SCALE.kcount,
  classifications_kcount: ATTO_SCALE.kcount,
  social_searches_kcount: ATTO_SCALE.kcount,
  storage_searches_kcount: ATTO_SCALE.kcount,
  code_executions_kcount: ATTO_SCALE.kcount,
  seats: ATTO_SCALE.each,
} as const;

export type PriceKey = keyof typeof SCALE_BY_KEY;
export const PRICE_KEYS = Object.keys(SCALE_BY_KEY) as readonly PriceKey[];

/** The figures of one price, in atto per token, per request, per search and so on; per hour where the key says so. A key that is absent has no figure; that is not zero. */
export type PriceFigures = ReadonlyMap<PriceKey, Figure>;

/** Reads the price keys of an object and passes over all others; who cares about the others checks them. @throws PriceDataError */
export function parseFigures(prices: Readonly<Record<string, unknown>>, where: string): PriceFigures {
  const figures = new Map<PriceKey, Figure>();
  for (const key of PRICE_KEYS) {
    const value = prices[key];
    if (value !== undefined && value !== null) figures.set(key, parseFigure(value, SCALE_BY_KEY[key], `${where}.${key}`));
  }
  return figures;
}

function parseFigure(value: unknown, scale: number, where: string): Figure {
  if (!isObject(value)) return { base: parsePrice(value, scale, where), tiers: [] };
  if (!Array.isArray(value.tiers)) throw new PriceDataError(where, "a number, or base and tiers, is required");
  const tiers = value.tiers.map((tier: unknown, index) => {
    const at = `${where}.tiers[${index}]`;
    if (!isObject(tier) || !Number.isSafeInteger(tier.start) || Number(tier.start) < 0)
      throw new PriceDataError(at, "start is a token count");
    return { above: Number(tier.start), price: parsePrice(tier.price, scale, at) };
  });
  if (tiers.some((tier, index) => index > 0 && tier.above <= tiers[index - 1]!.above)) throw new PriceDataError(where, "tiers must rise");
  return { base: parsePrice(value.base, scale, where), tiers };
}

/** A JSON number goes through its shortest text, so that 0.15 is 0.15 and not the binary fraction nearest to it. */
function parsePrice(value: unknown, scale: number, where: string): Atto {
  const text = typeof value === "number" ? String(value) : value;
  const price = typeof text === "string" ? parseDecimal(text, scale) : undefined;
  if (price === undefined) throw new PriceDataError(where, `not a price with at most ${scale} decimal places: ${String(value)}`);
  if (price < 0n) throw new PriceDataError(where, `a price below zero: ${String(value)}`);
  return price;
}

const FACTOR_SCALE = 6;

/** A factor such as "0.5", in millionths. @throws PriceDataError on anything else */
export function parseFactor(text: unknown, where: string): bigint {
  const factor = typeof text === "string" ? parseDecimal(text, FACTOR_SCALE) : undefined;
  if (factor === undefined || factor < 0n)
    throw new PriceDataError(where, `not a factor in text, with at most ${FACTOR_SCALE} decimal places: ${String(text)}`);
  return factor;
}

/** All token prices times a factor in millionths, rounded up to an atto; fees per request, per search and all else stay. */
export function scaleTokenFigures(figures: PriceFigures, factor: bigint): PriceFigures {
  const unit = 10n ** BigInt(FACTOR_SCALE);
  const times = (price: Atto): Atto => (price * factor + unit - 1n) / unit;
  const scaled = new Map<PriceKey, Figure>();
  for (const [key, figure] of figures) {
    if (!key.endsWith("_mtok")) scaled.set(key, figure);
    else scaled.set(key, { base: times(figure.base), tiers: figure.tiers.map(({ above, price }) => ({ above, price: times(price) })) });
  }
  return scaled;
}

/** Every price, fees too, turned into another by the same rule. */
export function mapFigures(figures: PriceFigures, turn: (price: Atto) => Atto): PriceFigures {
  const turned = new Map<PriceKey, Figure>();
  for (const [key, { base, tiers }] of figures) {
    turned.set(key, { base: turn(base), tiers: tiers.map(({ above, price }) => ({ above, price: turn(price) })) });
  }
  return turned;
}
