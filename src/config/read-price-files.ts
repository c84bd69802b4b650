import { readFileSync } from "node:fs";
import { type PriceList, parsePriceList } from "../core/pricing/price-list.ts";
import { type PriceRow, parsePriceSupplement } from "../core/pricing/price-row.ts";
import { packageRoot } from "../std/package-root.ts";

/** The list prices that ship with the product. @throws PriceDataError naming the row that cannot be right */
export function readPriceFiles(): { readonly lists: readonly PriceList[]; readonly supplement: readonly PriceRow[] } {
  const folder = new URL("prices/", packageRoot(import.meta.url));
  const read = (file: string): unknown => JSON.parse(readFileSync(new URL(file, folder), "utf8"));
  return { lists: [parsePriceList(read("genai-prices.json"))], supplement: parsePriceSupplement(read("ballast-prices.json")) };
}
