import type { Price, PriceBookSources } from "./price-book.ts";
import { type Figure, mapFigures, type PriceFigures, type PriceKey, scaleTokenFigures } from "./price-figures.ts";
import { type ListedModel, listedPriceIndexAt, type PriceList } from "./price-list.ts";
import type { PriceRow, PriceVariant } from "./price-row.ts";
import { type Contract, discounted, type FxRate, inForce, inUsd } from "./price-term.ts";
import { compileRateCard, freeRateCard, type RateCard } from "./rate-card.ts";

/** The prices of one model name through time. */
export interface ModelTimeline {
  /** The very same object for as long as a price holds. */
  priceAt(atMs: number): Price | undefined;
  /** The currency of the row that would price it then, where no rate is known for it. */
  currencyWithoutRate(atMs: number): string | undefined;
  /** Instants within [from, to) at which the price may become another, sorted. */
  changes(fromMs: number, toMs: number): number[];
}

interface FoundModel {
  readonly list: string;
  readonly provider: string;
  readonly model: ListedModel;
}

/** All that is known of one name, cut at every instant where something about it changes; undefined when nothing prices it ever. */
export function modelTimeline(sources: PriceBookSources, providerId: string, modelName: string): ModelTimeline | undefined {
  const found = findListed(sources.lists, providerId, modelName);
  const overrides = (sources.overrides ?? []).filter((row) => row.provider === providerId && row.matches(modelName));
  if (!found && !overrides.some((row) => row.variant === "standard")) return undefined;
  // Who sells another's models at its prices sells their standard ones so; of batch and tiers we do not know.
  const suppliers = { standard: found?.provider ?? providerId, variant: providerId };
  const supplement = (sources.supplement ?? []).filter(
    (row) => row.provider === (row.variant === "standard" ? suppliers.standard : suppliers.variant) && row.matches(modelName),
  );
  const rows = [...overrides, ...supplement];
  const fxRates = (sources.fxRates ?? []).filter(({ currency }) => rows.some((row) => row.currency === currency));
  const contracts = (sources.contracts ?? []).filter(
    (contract) => contract.provider === providerId && contract.discount > 0n && contract.matches(modelName),
  );
  const cuts = cutsOf(found, [...rows, ...fxRates, ...contracts]);
  const prices = new Map<string, Price | undefined>();
  return {
    priceAt(atMs) {
      let segment = 0;
      while (segment < cuts.length && atMs >= cuts[segment]!) segment++;
      const listed = found ? listedPriceIndexAt(found.model, atMs) : 0;
      const key = cuts.length === 0 && listed === 0 ? "" : `${segment}:${listed}`;
      if (prices.has(key)) return prices.get(key);
      const span = { fromMs: cuts[segment - 1], toMs: cuts[segment] };
      const price = assemble({ providerId, modelName, found, overrides, supplement, fxRates, contracts, listed, atMs, ...span });
      prices.set(key, price);
      return price;
    },
    currencyWithoutRate(atMs) {
      const row = validRows(overrides, atMs).get("standard");
      return row && usdFiguresOf(row, fxRates, atMs) === undefined ? row.currency : undefined;
    },
    changes(fromMs, toMs) {
      const instants = [...cuts, ...dailyChanges(found, fromMs, toMs)].filter((ms) => ms >= fromMs && ms < toMs);
      return [...new Set(instants)].sort((one, other) => one - other);
    },
  };
}

const DAY_MS = 86_400_000;

/** Starts and ends of prices by the hour of the day, on every day of a span. */
function dailyChanges(found: FoundModel | undefined, fromMs: number, toMs: number): number[] {
  const hours = (found?.model.prices ?? []).flatMap(({ condition }) =>
    condition?.kind === "daily" ? [condition.startMs, condition.endMs] : [],
  );
  if (hours.length === 0) return [];
  const days: number[] = [];
  for (let day = Math.floor(fromMs / DAY_MS) * DAY_MS; day < toMs; day += DAY_MS) days.push(day);
  return days.flatMap((day) => hours.map((ms) => day + ms));
}

/** The figures of a row in dollars; undefined when they are in a currency that no rate is known for then. */
function usdFiguresOf(row: PriceRow, fxRates: readonly FxRate[], atMs: number): { figures: PriceFigures; rate?: FxRate } | undefined {
  if (row.currency === "USD") return { figures: row.figures };
  const rate = inForce(
    fxRates.filter(({ currency }) => currency === row.currency),
    atMs,
  );
  return rate && { figures: mapFigures(row.figures, (price) => inUsd(price, rate)), rate };
}

function cutsOf(found: FoundModel | undefined, rows: readonly { readonly fromMs: number; readonly toMs: number }[]): number[] {
  const cuts = new Set<number>();
  for (const price of found?.model.prices ?? []) if (price.condition?.kind === "from") cuts.add(price.condition.fromMs);
  for (const row of rows) for (const ms of [row.fromMs, row.toMs]) if (Number.isFinite(ms)) cuts.add(ms);
  return [...cuts].sort((one, other) => one - other);
}

interface Assembly {
  readonly providerId: string;
  readonly modelName: string;
  readonly found: FoundModel | undefined;
  readonly overrides: readonly PriceRow[];
  readonly supplement: readonly PriceRow[];
  readonly fxRates: readonly FxRate[];
  readonly contracts: readonly Contract[];
  readonly listed: number;
  readonly atMs: number;
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
}

function assemble(from: Assembly): Price | undefined {
  const { found, atMs, fxRates, toMs } = from;
  const overrides = validRows(from.overrides, atMs);
  const supplement = validRows(from.supplement, atMs);
  const contract = inForce(from.contracts, atMs);
  const correction = supplement.get("standard");
  const own = overrides.get("standard");
  const override = own ?? (correction?.replaces ? correction : undefined);
  const listed = found?.model.prices[from.listed]?.figures ?? NO_FIGURES;
  const written = override ? usdFiguresOf(override, fxRates, atMs) : { figures: listed };
  // A model with no figure at all is unpriced; an empty price in a list says that nobody knows, not that it is free.
  if (written === undefined || (written.figures.size === 0 && !override?.free)) return undefined;
  const gaps = override?.free || correction === undefined ? { figures: NO_FIGURES } : usdFiguresOf(correction, fxRates, atMs);
  if (gaps === undefined) return undefined;
  const figures = fill(written.figures, gaps.figures);
  // What the operator wrote is what is paid; a discount is on what others list.
  const less = (price: PriceFigures): PriceFigures => (contract ? mapFigures(price, (each) => discounted(each, contract)) : price);
  const standard = own ? figures : less(figures);
  const variants = new Map<PriceVariant, RateCard>();
  for (const row of [...supplement.values(), ...overrides.values()]) {
    const usd = row.variant === "standard" ? undefined : usdFiguresOf(row, fxRates, atMs);
    // Without a rate the row is no price, and what it replaces is not one in its stead.
    if (row.variant !== "standard") variants.delete(row.variant);
    if (usd === undefined) continue;
    const priced = { ...row, figures: overrides.get(row.variant) === row ? usd.figures : less(usd.figures) };
    variants.set(row.variant, variantCard(priced, standard));
  }
  const list = override === undefined ? found!.list : override === correction ? "ballast" : "override";
  const term = own === undefined && contract ? `+${contract.id}` : "";
  const seller = found && found.provider !== from.providerId ? `${from.providerId}:${found.provider}` : from.providerId;
  const model = found?.model.id ?? from.modelName;
  const knownAtMs = override && Number.isFinite(override.knownAtMs) ? override.knownAtMs : undefined;
  const terms = { contract: own ? undefined : contract, fxRate: "rate" in written ? written.rate : undefined, knownAtMs };
  return {
    id: `${list}${term}/${seller}/${model}@${startText(from)}`,
    provider: from.providerId,
    model,
    contextWindow: override?.contextWindow ?? found?.model.contextWindow,
    standard: override?.free ? freeRateCard() : compileRateCard(standard),
    variants,
    toMs,
    terms: Object.values(terms).every((term) => term === undefined) ? undefined : terms,
  };
}

const NO_FIGURES: PriceFigures = new Map();

/** Per variant the row that counts: of those valid, the one that started last; of equals, the one written last. */
function validRows(rows: readonly PriceRow[], atMs: number): Map<PriceVariant, PriceRow> {
  const valid = new Map<PriceVariant, PriceRow>();
  for (const row of rows) {
    if (atMs < row.fromMs || atMs >= row.toMs) continue;
    const other = valid.get(row.variant);
    if (!other || row.fromMs >= other.fromMs) valid.set(row.variant, row);
  }
  return valid;
}

function variantCard(row: PriceRow, standard: PriceFigures): RateCard {
  if (row.free) return freeRateCard();
  if (row.multiplier !== undefined) return compileRateCard(fill(row.figures, scaleTokenFigures(standard, row.multiplier)));
  const fees: [PriceKey, Figure][] = [...standard].filter(([key]) => key === "requests_kcount" || key === "web_searches_kcount");
  return compileRateCard(fill(row.figures, new Map(fees)));
}

function fill(figures: PriceFigures, gaps: PriceFigures): PriceFigures {
  return gaps.size === 0 ? figures : new Map([...gaps, ...figures]);
}

function startText(from: Assembly): string {
  const condition = from.found?.model.prices[from.listed]?.condition;
  const start = from.fromMs === undefined ? "start" : isoDay(from.fromMs);
  return condition?.kind === "daily" ? `${start}+${isoDay(condition.startMs).slice(11) || "00:00:00Z"}` : start;
}

function isoDay(ms: number): string {
  const text = new Date(ms).toISOString().replace(".000Z", "Z");
  return text.endsWith("T00:00:00Z") ? text.slice(0, 10) : text;
}

function findListed(lists: readonly PriceList[], providerId: string, modelName: string): FoundModel | undefined {
  for (const list of lists) {
    const provider = list.providers.find((one) => one.id === providerId);
    for (const id of provider ? [provider.id, ...provider.fallbackProviders] : []) {
      const model = list.providers.find((one) => one.id === id)?.models.find((one) => one.matches(modelName));
      if (model) return { list: list.name, provider: id, model };
    }
  }
  return undefined;
}
