import type { Atto } from "../money/usd.ts";
import type { PriceFigures, PriceKey } from "./price-figures.ts";
import { type PricedUnit, UNIT_PRICES } from "./unit-prices.ts";

/** Atto per token for each kind of token that usage tells apart. A kind without a price of its own has that of the kind it is part of. */
export interface TokenRates {
  readonly input: Atto | undefined;
  readonly inputAudio: Atto | undefined;
  readonly inputImage: Atto | undefined;
  readonly inputVideo: Atto | undefined;
  readonly cacheRead: Atto | undefined;
  readonly cacheAudioRead: Atto | undefined;
  readonly cacheImageRead: Atto | undefined;
  readonly cacheVideoRead: Atto | undefined;
  readonly cacheWrite: Atto | undefined;
  readonly cacheWrite5m: Atto | undefined;
  readonly cacheWrite1h: Atto | undefined;
  readonly output: Atto | undefined;
  readonly outputAudio: Atto | undefined;
  readonly outputImage: Atto | undefined;
  readonly outputVideo: Atto | undefined;
  readonly reasoning: Atto | undefined;
  readonly citation: Atto | undefined;
}

/** The dearest rate a token may turn out to have, up to and including a band. */
export interface DearestRates {
  readonly input: Atto | undefined;
  readonly inputAudio: Atto | undefined;
  /** Of images and video. */
  readonly inputImage: Atto | undefined;
  readonly output: Atto | undefined;
  readonly outputAudio: Atto | undefined;
  /** Of images and video. */
  readonly outputImage: Atto | undefined;
}

/** Rates for calls with more than `above` input tokens, cached ones included; they hold for all tokens of the call. */
export interface RateBand {
  readonly above: number;
  readonly rates: TokenRates;
  readonly dearest: DearestRates;
}

export interface RateCard {
  /** Ascending by `above`; the first one is the base and holds for every call that exceeds no other. */
  readonly bands: readonly [RateBand, ...RateBand[]];
  /** Whether audio has a price of its own; where it has none, its tokens stand above at the price of text, which may be far too low. */
  readonly pricesAudio: { readonly input: boolean; readonly output: boolean };
  /** The figures that are written for this way of calling; all other rates follow from them. */
  readonly priced: ReadonlySet<PriceKey>;
  /** Most prices have no fee per request; its absence means none. */
  readonly perRequest: Atto;
  /** Absent means unknown: a search of such a price cannot be priced. */
  readonly perWebSearch: Atto | undefined;
  /** Of what is counted otherwise, in atto for as many as `UNIT_PRICES` says. A unit that is not in it cannot be priced. */
  readonly perUnit: ReadonlyMap<PricedUnit, Atto>;
}

export function compileRateCard(figures: PriceFigures): RateCard {
  const starts = new Set<number>();
  for (const figure of figures.values()) for (const tier of figure.tiers) starts.add(tier.above);
  const base = bandOf(figures, -1, undefined);
  const bands: [RateBand, ...RateBand[]] = [base];
  for (const above of [...starts].sort((one, other) => one - other)) bands.push(bandOf(figures, above, bands.at(-1)));
  return {
    bands,
    pricesAudio: { input: figures.has("input_audio_mtok"), output: figures.has("output_audio_mtok") },
    priced: new Set(figures.keys()),
    perRequest: figures.get("requests_kcount")?.base ?? 0n,
    perWebSearch: figures.get("web_searches_kcount")?.base,
    perUnit: unitFigures(figures),
  };
}

const UNITS = Object.entries(UNIT_PRICES) as [PricedUnit, (typeof UNIT_PRICES)[PricedUnit]][];
const NO_UNITS: ReadonlyMap<PricedUnit, Atto> = new Map();

function unitFigures(figures: PriceFigures): ReadonlyMap<PricedUnit, Atto> {
  const found = UNITS.flatMap(([unit, { key }]): [PricedUnit, Atto][] => {
    const figure = figures.get(key);
    return figure ? [[unit, figure.base]] : [];
  });
  return found.length === 0 ? NO_UNITS : new Map(found);
}

/** An explicit price of nothing. */
export function freeRateCard(): RateCard {
  const keys: readonly PriceKey[] = [
    "input_mtok",
    "input_audio_mtok",
    "output_mtok",
    "output_audio_mtok",
    "requests_kcount",
    "web_searches_kcount",
    ...UNITS.map(([, { key }]) => key),
  ];
  return compileRateCard(new Map(keys.map((key) => [key, { base: 0n, tiers: [] }])));
}

/** The last band whose start the input exceeds. */
export function bandFor(card: RateCard, inputTokens: number): RateBand {
  for (let index = card.bands.length - 1; index > 0; index--) {
    const band = card.bands[index]!;
    if (inputTokens > band.above) return band;
  }
  return card.bands[0];
}

function bandOf(figures: PriceFigures, above: number, below: RateBand | undefined): RateBand {
  const own = (key: PriceKey): Atto | undefined => {
    const figure = figures.get(key);
    if (!figure) return undefined;
    let price = figure.base;
    for (const tier of figure.tiers) if (tier.above <= above) price = tier.price;
    return price;
  };
  const input = own("input_mtok");
  const output = own("output_mtok");
  const cacheRead = own("cache_read_mtok");
  const cacheWrite = own("cache_write_mtok") ?? input;
  const inputAudio = own("input_audio_mtok");
  const inputImage = own("input_image_mtok");
  const inputVideo = own("input_video_mtok");
  const rates: TokenRates = {
    input,
    inputAudio: inputAudio ?? input,
    inputImage: inputImage ?? input,
    inputVideo: inputVideo ?? input,
    cacheRead: cacheRead ?? input,
    // Cached audio is both; where only its two parents have a price, the dearer one, so that we never charge less than we owe.
    cacheAudioRead: own("cache_audio_read_mtok") ?? dearest(inputAudio, cacheRead) ?? input,
    cacheImageRead: own("cache_image_read_mtok") ?? dearest(inputImage, cacheRead) ?? input,
    cacheVideoRead: own("cache_video_read_mtok") ?? dearest(inputVideo, cacheRead) ?? input,
    cacheWrite,
    cacheWrite5m: own("cache_write_5m_mtok") ?? cacheWrite,
    cacheWrite1h: own("cache_write_1h_mtok") ?? cacheWrite,
    output,
    outputAudio: own("output_audio_mtok") ?? output,
    outputImage: own("output_image_mtok") ?? output,
    outputVideo: own("output_video_mtok") ?? output,
    reasoning: own("output_reasoning_mtok") ?? output,
    citation: own("output_citation_mtok") ?? output,
  };
  return { above, rates, dearest: dearestOf(rates, below?.dearest) };
}

/** A higher band may be cheaper, and fewer tokens than bounded may be used: hence the dearest of this band and all below. */
function dearestOf(rates: TokenRates, below: DearestRates | undefined): DearestRates {
  return {
    input: dearest(rates.input, rates.cacheRead, rates.cacheWrite, rates.cacheWrite5m, rates.cacheWrite1h, below?.input),
    inputAudio: dearest(rates.inputAudio, rates.cacheAudioRead, below?.inputAudio),
    inputImage: dearest(rates.inputImage, rates.inputVideo, rates.cacheImageRead, rates.cacheVideoRead, below?.inputImage),
    output: dearest(rates.output, rates.reasoning, rates.citation, below?.output),
    outputAudio: dearest(rates.outputAudio, below?.outputAudio),
    outputImage: dearest(rates.outputImage, rates.outputVideo, below?.outputImage),
  };
}

export function dearest(...prices: readonly (Atto | undefined)[]): Atto | undefined {
  let most: Atto | undefined;
  for (const price of prices) if (price !== undefined && (most === undefined || price > most)) most = price;
  return most;
}
