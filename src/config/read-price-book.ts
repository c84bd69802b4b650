import { readFileSync } from "node:fs";
import { Problem } from "../contract/problem.ts";
import { createPriceBook, type PriceBook } from "../core/pricing/price-book.ts";
import { PriceDataError } from "../core/pricing/price-data-error.ts";
import { type PriceList, parsePriceList } from "../core/pricing/price-list.ts";
import { type PriceRow, parsePriceRows, parsePriceSupplement } from "../core/pricing/price-row.ts";
import type { Config } from "./config-schema.ts";
import { readPriceFiles } from "./read-price-files.ts";

/**
 * The prices that a server with this configuration has: what ships with the product, the operator's files over it, and the rows of the
 * configuration over those.
 * @throws Problem price_file_invalid that names the operator's file; PriceDataError for a row that cannot be right
 */
export function readPriceBook({ prices, price_files }: Pick<Config, "prices" | "price_files">): PriceBook {
  const shipped = readPriceFiles();
  const [lists, rows]: [PriceList[], PriceRow[]] = [[], []];
  for (const file of price_files) {
    const read = readPriceFile(file);
    if (Array.isArray(read)) rows.push(...read);
    else lists.push(read as PriceList);
  }
  return createPriceBook({
    lists: [...lists, ...shipped.lists],
    supplement: shipped.supplement,
    overrides: [...rows, ...parsePriceRows(prices, "prices")],
  });
}

/** A list of genai-prices, or rows of ballast-prices: what `ballast price import` writes. */
function readPriceFile(file: string): PriceList | readonly PriceRow[] {
  const wrong = (why: string, cause: unknown) => new Problem("price_file_invalid", { file }, { cause, message: `${file} ${why}.` });
  const name = file.replace(/^.*[\\/]/, "");
  try {
    const json: unknown = JSON.parse(readFileSync(file, "utf8"));
    return Array.isArray(json) ? parsePriceList(json, name) : parsePriceSupplement(json, name);
  } catch (error) {
    if (error instanceof PriceDataError) throw wrong(`cannot be used: ${error.message}`, error);
    if (error instanceof SyntaxError) throw wrong("is not JSON", error);
    throw wrong(`cannot be read (${(error as NodeJS.ErrnoException).code})`, error);
  }
}
