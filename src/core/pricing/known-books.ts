import { createPriceBook, type PriceBook } from "./price-book.ts";
import { knowledgeInstants, knownAt, listBookOf, type PriceSources } from "./price-sources.ts";
import type { Contract, Markup } from "./price-term.ts";

/** What was in force as the knowledge of prices, from an instant on. */
export interface SourcesVersion {
  readonly knownAtMs: number;
  readonly sources: PriceSources;
}

/** Everything that was known of prices at one time. */
export interface KnownPrices {
  /** What calls cost us, contracts included. */
  readonly book: PriceBook;
  /** What lists ask. */
  readonly listBook: PriceBook;
  readonly markups: readonly Markup[];
  readonly contracts: readonly Contract[];
}

/** The price books through known time. */
export interface KnownBooks {
  /** The very same object for as long as nothing became known. */
  asKnownAt(atMs: number): KnownPrices;
  /** Instants at which something became known, sorted. */
  readonly instants: readonly number[];
}

/**
 * Of the versions that a server has had, the one in force counts, and within it the rows that were known.
 * Before the first version, what is known of the past is what the first one says of it.
 * @param versions oldest first, at least one
 */
export function knownBooks(versions: readonly [SourcesVersion, ...SourcesVersion[]]): KnownBooks {
  const rowInstants = versions.map(({ sources }) => knowledgeInstants(sources));
  const known = new Map<string, KnownPrices>();
  return {
    instants: [...new Set([...versions.map(({ knownAtMs }) => knownAtMs), ...rowInstants.flat()])].sort((one, other) => one - other),
    asKnownAt(atMs) {
      let index = 0;
      while (index + 1 < versions.length && versions[index + 1]!.knownAtMs <= atMs) index++;
      const rowsKnown = rowInstants[index]!.filter((instant) => instant <= atMs).length;
      const key = `${index}:${rowsKnown}`;
      let prices = known.get(key);
      if (!prices) {
        const sources = knownAt(versions[index]!.sources, atMs);
        prices = {
          book: createPriceBook(sources),
          listBook: listBookOf(sources),
          markups: sources.markups,
          contracts: sources.contracts ?? [],
        };
        known.set(key, prices);
      }
      return prices;
    },
  };
}
