import { type ModelTimeline, modelTimeline } from "./model-timeline.ts";
import type { PriceList } from "./price-list.ts";
import { type PriceRow, type PriceVariant, tierVariant } from "./price-row.ts";
import type { Contract, FxRate } from "./price-term.ts";
import type { RateCard } from "./rate-card.ts";

/** What a model costs at one time: exact rates per unit for every way of calling it that has a price. */
export interface Price {
  /**
   * "<list>/<provider>/<model>@<valid from, or start>", and "<provider>:<other>" for another's model sold at its price.
   * Same id, same rates, as long as the price files stay the same.
   */
  readonly id: string;
  readonly provider: string;
  readonly model: string;
  /** Most tokens that one pass of the model reads, where the source tells. */
  readonly contextWindow: number | undefined;
  readonly standard: RateCard;
  /** Batch and service tiers with a price of their own. */
  readonly variants: ReadonlyMap<PriceVariant, RateCard>;
  /** First moment of another price; undefined while none is known. */
  readonly toMs?: number | undefined;
  /** What made this price of the written one; absent where it stands as it is written, in dollars. */
  readonly terms?: PriceTerms | undefined;
}

export interface PriceTerms {
  /** The contract whose discount is in the rates. */
  readonly contract: Contract | undefined;
  /** The rate that the figures were turned into dollars with. */
  readonly fxRate: FxRate | undefined;
  /** When we learned of the row that the standard price is of; undefined for rows that are known since ever. */
  readonly knownAtMs: number | undefined;
}

export interface PriceBook {
  /**
   * @param providerId a provider of the lists ("openai", "azure"), or one that only overrides price; compared exactly
   * @param at epoch milliseconds, or a Date; a price holds from its start on, half-open
   * @returns undefined when nothing prices the model at that time: never a price of zero that nobody wrote down
   */
  find(providerId: string, modelName: string, at: number | Date): Price | undefined;
  /** Ids of the models that have, had or will have a price, sorted; names that only a pattern matches cannot be listed. */
  models(providerId: string): string[];
  /** Why `find` has nothing: the currency that no rate is known for then; undefined where there is no price at all. */
  currencyWithoutRate(providerId: string, modelName: string, at: number): string | undefined;
  /** Instants within [from, to) at which the price of a model may become another, sorted. */
  changes(providerId: string, modelName: string, fromMs: number, toMs: number): number[];
}

export interface PriceBookSources {
  /** The first list that knows a name wins. */
  readonly lists: readonly PriceList[];
  /** Our own rows: batch, service tiers and fees that the lists have no figures for. They fill gaps; only those marked so replace. */
  readonly supplement?: readonly PriceRow[];
  /** The operator's rows. Each replaces what it names: the standard price, batch, or one tier. */
  readonly overrides?: readonly PriceRow[];
  /** Rates for rows in other currencies. Without one that holds, such a row is no price: never a rate of 1. */
  readonly fxRates?: readonly FxRate[];
  /** Discounts on what is listed; the operator's own rows are what is paid already. */
  readonly contracts?: readonly Contract[];
}

/** Longer names are refused unseen: no provider has them, and pattern matching takes time by length. */
const LONGEST_NAME = 256;
/** Names come from callers, so the memory for them must have an end. Known names have a room of their own, so that a flood of unknown ones cannot evict them. */
const MOST_KNOWN_NAMES = 4_000;
const MOST_UNKNOWN_NAMES = 2_000;

export function createPriceBook(sources: PriceBookSources): PriceBook {
  const known = new Map<string, Map<string, ModelTimeline>>();
  const unknown = new Set<string>();
  let knownNames = 0;

  function resolve(providerId: string, modelName: string): ModelTimeline | undefined {
    const remembered = known.get(providerId)?.get(modelName);
    if (remembered) return remembered;
    if (modelName.length > LONGEST_NAME || providerId.length > LONGEST_NAME) return undefined;
    const unknownKey = `${providerId}\n${modelName}`;
    if (unknown.has(unknownKey)) return undefined;
    const timeline = modelTimeline(sources, providerId, modelName);
    if (!timeline) {
      if (unknown.size >= MOST_UNKNOWN_NAMES) unknown.clear();
      unknown.add(unknownKey);
      return undefined;
    }
    if (knownNames >= MOST_KNOWN_NAMES) {
      known.clear();
      knownNames = 0;
    }
    const names = known.get(providerId) ?? new Map<string, ModelTimeline>();
    known.set(providerId, names.set(modelName, timeline));
    knownNames += 1;
    return timeline;
  }

  return {
    find(providerId, modelName, at) {
      const timeline = resolve(providerId, modelName);
      return timeline?.priceAt(typeof at === "number" ? at : at.getTime());
    },
    models: (providerId) => pricedModels(sources, providerId),
    currencyWithoutRate: (providerId, modelName, at) => resolve(providerId, modelName)?.currencyWithoutRate(at),
    changes: (providerId, modelName, fromMs, toMs) => resolve(providerId, modelName)?.changes(fromMs, toMs) ?? [],
  };
}

function pricedModels(sources: PriceBookSources, providerId: string): string[] {
  const ids = new Set<string>();
  for (const list of sources.lists) {
    for (const provider of list.providers) {
      if (provider.id !== providerId) continue;
      for (const model of provider.models) if (model.prices.some((price) => price.figures.size > 0)) ids.add(model.id);
    }
  }
  for (const row of sources.overrides ?? []) {
    if (row.provider === providerId && row.variant === "standard") for (const model of row.models) ids.add(model);
  }
  return [...ids].sort();
}

/** The rates for a way of calling, or undefined when it has no price of its own. */
export function rateCardFor(price: Price, serviceTier: string | undefined, batch: boolean): RateCard | undefined {
  const variant = batch ? "batch" : tierVariant(serviceTier);
  return variant === "standard" ? price.standard : price.variants.get(variant);
}
