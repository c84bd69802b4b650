import { readFileSync } from "node:fs";
import { Problem } from "../contract/problem.ts";
import { createPriceBook, type PriceBook } from "../core/pricing/price-book.ts";
import { PriceDataError } from "../core/pricing/price-data-error.ts";
import { type PricePart, type PriceSources, readPriceParts } from "../core/pricing/price-sources.ts";
import type { Config } from "./config-schema.ts";
import { shippedPriceParts } from "./read-price-files.ts";

/** The settings that prices come from. */
export type PriceSettings = Pick<Config, "prices" | "price_files"> & Partial<Pick<Config, "contracts" | "markups" | "fx_rates">>;

/** What a configuration knows of prices: the parts as they are written, to be remembered, and what they say. */
export interface WrittenPrices {
  readonly parts: readonly PricePart[];
  readonly sources: PriceSources;
}

/**
 * The prices that a server with this configuration has: what ships with the product, the operator's files over it, and the rows of the
 * configuration over those; with the contracts, markups and rates of the configuration.
 * @throws Problem price_file_invalid that names the operator's file; PriceDataError for a row that cannot be right
 */
export function readPrices({ prices, price_files, contracts = [], markups = [], fx_rates = [] }: PriceSettings): WrittenPrices {
  const settings = { prices, contracts, markups, fx_rates } as const;
  const written = (["prices", "contracts", "markups", "fx_rates"] as const).map((kind): PricePart => {
    return { kind, name: kind, text: JSON.stringify(settings[kind]) };
  });
  const parts = [...shippedPriceParts(), ...price_files.map(readPriceFile), ...written];
  return { parts, sources: readPriceParts(parts) };
}

/** The book that calls are priced with. @throws as `readPrices` */
export function readPriceBook(settings: PriceSettings): PriceBook {
  return createPriceBook(readPrices(settings).sources);
}

/** A list of genai-prices, or rows of ballast-prices: what `ballast price import` writes. */
function readPriceFile(file: string): PricePart {
  const wrong = (why: string, cause: unknown) => new Problem("price_file_invalid", { file }, { cause, message: `${file} ${why}.` });
  let part: PricePart;
  try {
    part = { kind: "price_file", name: file.replace(/^.*[\\/]/, ""), text: readFileSync(file, "utf8") };
  } catch (error) {
    throw wrong(`cannot be read (${(error as NodeJS.ErrnoException).code})`, error);
  }
  try {
    // Read once by itself, so that a fault is told with the path of the file.
    readPriceParts([part]);
    return part;
  } catch (error) {
    if (!(error instanceof PriceDataError)) throw error;
    throw error.cause instanceof SyntaxError ? wrong("is not JSON", error) : wrong(`cannot be used: ${error.message}`, error);
  }
}
