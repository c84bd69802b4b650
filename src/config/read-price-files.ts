import { readFileSync } from "node:fs";
import type { PriceList } from "../core/pricing/price-list.ts";
import type { PriceRow } from "../core/pricing/price-row.ts";
import { type PricePart, readPriceParts } from "../core/pricing/price-sources.ts";
import { packageRoot } from "../std/package-root.ts";

/** The files that ship with the product, as they are. */
export function shippedPriceParts(): PricePart[] {
  const folder = new URL("prices/", packageRoot(import.meta.url));
  const read = (name: string): string => readFileSync(new URL(`${name}.json`, folder), "utf8");
  return [
    { kind: "shipped_list", name: "genai-prices", text: read("genai-prices") },
    { kind: "shipped_rows", name: "ballast-prices", text: read("ballast-prices") },
  ];
}

/** The list prices that ship with the product. @throws PriceDataError naming the row that cannot be right */
export function readPriceFiles(): { readonly lists: readonly PriceList[]; readonly supplement: readonly PriceRow[] } {
  const { lists, supplement = [] } = readPriceParts(shippedPriceParts());
  return { lists, supplement };
}
