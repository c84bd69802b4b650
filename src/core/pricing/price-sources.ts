import { createPriceBook, type PriceBook, type PriceBookSources } from "./price-book.ts";
import { PriceDataError } from "./price-data-error.ts";
import { type PriceList, parsePriceList } from "./price-list.ts";
import { type PriceRow, parsePriceRows, parsePriceSupplement } from "./price-row.ts";
import { type Contract, type Dated, type FxRate, type Markup, parseContracts, parseFxRates, parseMarkups } from "./price-term.ts";

/** What a part of the price book is for, in the order in which later ones stand over earlier ones. */
export const PRICE_PARTS = ["shipped_list", "shipped_rows", "price_file", "prices", "contracts", "markups", "fx_rates"] as const;
export type PricePartKind = (typeof PRICE_PARTS)[number];

/** One file or one list of the configuration, as it was written: everything that is known of prices is such parts. */
export interface PricePart {
  readonly kind: PricePartKind;
  /** Name of the file, or of the setting. */
  readonly name: string;
  /** JSON. */
  readonly text: string;
}

/** All that prices a call, and what a tenant is billed for it. */
export interface PriceSources extends PriceBookSources {
  readonly markups: readonly Markup[];
}

/**
 * Reads the parts of a price book. Those in force and those that were in force are read by the same rules.
 * @throws PriceDataError naming part and row, also for text that is not JSON
 */
export function readPriceParts(parts: readonly PricePart[]): PriceSources {
  const [lists, shipped, rows]: [PriceList[], PriceList[], PriceRow[]] = [[], [], []];
  const [supplement, overrides]: [PriceRow[], PriceRow[]] = [[], []];
  const [contracts, markups, fxRates]: [Contract[], Markup[], FxRate[]] = [[], [], []];
  for (const { kind, name, text } of parts) {
    const json = parsedPart(text, name);
    if (kind === "shipped_list") shipped.push(parsePriceList(json, name));
    else if (kind === "shipped_rows") supplement.push(...parsePriceSupplement(json, name));
    else if (kind === "price_file" && Array.isArray(json)) lists.push(parsePriceList(json, name));
    else if (kind === "price_file") rows.push(...parsePriceSupplement(json, name));
    else if (kind === "prices") overrides.push(...parsePriceRows(json, name));
    else if (kind === "contracts") contracts.push(...parseContracts(json, name));
    else if (kind === "markups") markups.push(...parseMarkups(json, name));
    else if (kind === "fx_rates") fxRates.push(...parseFxRates(json, name));
    else kind satisfies never;
  }
  return { lists: [...lists, ...shipped], supplement, overrides: [...rows, ...overrides], contracts, markups, fxRates };
}

/** What of the sources was known at an instant: rows that say they became known later are left out. */
export function knownAt(sources: PriceSources, atMs: number): PriceSources {
  const known = <Row extends Dated>(rows: readonly Row[] | undefined) => (rows ?? []).filter((row) => row.knownAtMs <= atMs);
  return {
    lists: sources.lists,
    supplement: known(sources.supplement),
    overrides: known(sources.overrides),
    contracts: known(sources.contracts),
    markups: known(sources.markups),
    fxRates: known(sources.fxRates),
  };
}

/** The price book as it was known at an instant. */
export function bookAsKnownAt(sources: PriceSources, atMs: number): PriceBook {
  return createPriceBook(knownAt(sources, atMs));
}

/** Instants at which rows of the sources say that they became known, sorted. */
export function knowledgeInstants(sources: PriceSources): number[] {
  const { supplement = [], overrides = [], contracts = [], markups, fxRates = [] } = sources;
  const rows: readonly Dated[] = [...supplement, ...overrides, ...contracts, ...markups, ...fxRates];
  const instants = new Set(rows.map((row) => row.knownAtMs).filter(Number.isFinite));
  return [...instants].sort((one, other) => one - other);
}

/** What published lists ask, without the operator's own prices and discounts. */
export function listBookOf({ lists, supplement }: PriceSources): PriceBook {
  return createPriceBook({ lists, ...(supplement && { supplement }) });
}

function parsedPart(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new PriceDataError(name, "not JSON", { cause: error });
  }
}
