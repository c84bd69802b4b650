import { createPriceBook, type PriceBook } from "../core/pricing/price-book.ts";
import { parsePriceRows } from "../core/pricing/price-row.ts";
import { type ConfigSource, readConfig } from "./read-config.ts";
import { readPriceFiles } from "./read-price-files.ts";

/** The price book that a server with this configuration has. */
export function readPriceBook(source: ConfigSource = {}): PriceBook {
  return createPriceBook({ ...readPriceFiles(), overrides: parsePriceRows(readConfig(source).prices, "prices") });
}
