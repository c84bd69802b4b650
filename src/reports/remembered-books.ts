import { invariant } from "../core/invariant.ts";
import { type KnownBooks, knownBooks, type SourcesVersion } from "../core/pricing/known-books.ts";
import { type PricePart, readPriceParts } from "../core/pricing/price-sources.ts";
import type { CostFacts } from "../ports/cost-facts.ts";

/** What this process prices calls by. */
export interface PriceKnowledge {
  /** As it is written. */
  readonly parts: readonly PricePart[];
  /** Since when the process knows it: its start. */
  readonly sinceMs: number;
  /** Price list of each configured provider. */
  readonly priceLists: ReadonlyMap<string, string>;
}

/**
 * Everything that was ever known of prices, this process's knowledge included.
 * @returns also since when it is kept
 * @throws Problem warehouse_unavailable
 */
export async function rememberedBooks(facts: CostFacts, knowledge: PriceKnowledge): Promise<{ books: KnownBooks; sinceMs: number }> {
  await facts.rememberPrices(knowledge.parts, new Date(knowledge.sinceMs));
  const versions: SourcesVersion[] = [];
  for (const version of await facts.priceVersions()) {
    versions.push({ knownAtMs: version.knownAtMs, sources: readPriceParts(await facts.priceParts(version)) });
  }
  const [first, ...later] = versions;
  invariant(first !== undefined, "what is known of prices was not kept");
  return { books: knownBooks([first, ...later]), sinceMs: first.knownAtMs };
}
