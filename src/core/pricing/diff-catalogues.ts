import { formatDecimal } from "../money/usd.ts";
import { CATALOGUE_SCALE, type CatalogueModel, type CataloguePrice, type PriceCatalogue } from "./price-catalogue.ts";

export interface CatalogueDiff {
  /** Sorted, as all lists here. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Gone under one name and there under another, at the same provider and the same prices. */
  readonly renamed: readonly { readonly from: string; readonly to: string }[];
  readonly repriced: readonly RepricedLine[];
}

/** One component of one model whose price is another. Money is decimal text of USD; null where there was or is none, which is not zero. */
export interface RepricedLine {
  readonly model: string;
  readonly provider: string;
  readonly component: string;
  readonly per: string;
  readonly old_usd: string | null;
  readonly new_usd: string | null;
  /** Of the old price, to a hundredth, rounded to nearest; null where one of them is missing, or the old one is nothing. */
  readonly percent: string | null;
}

/** What changed from one catalogue to another of the same format. `added + renamed` are the new names, `removed + renamed` the old ones. */
export function diffCatalogues(before: PriceCatalogue, after: PriceCatalogue): CatalogueDiff {
  const gone = [...before.models].filter(([name]) => !after.models.has(name));
  const come = [...after.models].filter(([name]) => !before.models.has(name));
  const renamed = renamesOf(gone, come);
  const [from, to] = [new Set(renamed.map((one) => one.from)), new Set(renamed.map((one) => one.to))];
  const repriced: RepricedLine[] = [];
  for (const [name, model] of [...before.models].sort(byName)) {
    const other = after.models.get(name);
    if (other) repriced.push(...repricedLines(name, model, other));
  }
  return {
    added: come
      .map(([name]) => name)
      .filter((name) => !to.has(name))
      .sort(),
    removed: gone
      .map(([name]) => name)
      .filter((name) => !from.has(name))
      .sort(),
    renamed,
    repriced,
  };
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function repricedLines(model: string, before: CatalogueModel, after: CatalogueModel): RepricedLine[] {
  const components = [...new Set([...before.prices.keys(), ...after.prices.keys()])].sort();
  return components.flatMap((component) => {
    const [old, now] = [before.prices.get(component), after.prices.get(component)];
    if (old?.usd === now?.usd) return [];
    const per = now?.per ?? old?.per ?? "unit";
    return [{ model, provider: after.provider, component, per, old_usd: textOf(old), new_usd: textOf(now), percent: percentOf(old, now) }];
  });
}

function textOf(price: CataloguePrice | undefined): string | null {
  return price ? formatDecimal(price.usd, CATALOGUE_SCALE) : null;
}

function percentOf(old: CataloguePrice | undefined, now: CataloguePrice | undefined): string | null {
  if (!old || !now || old.usd === 0n) return null;
  const difference = (now.usd - old.usd) * 10_000n;
  const half = difference < 0n ? -old.usd / 2n : old.usd / 2n;
  return formatDecimal((difference + half) / old.usd, 2);
}

/**
 * A name that went and one that came are one model under a new name when provider and prices are the same and the names differ only by
 * preview, version, date, case or punctuation, and no other pair could be meant. A successor at another price is no rename.
 */
function renamesOf(gone: readonly (readonly [string, CatalogueModel])[], come: readonly (readonly [string, CatalogueModel])[]) {
  const [before, after] = [byTraits(gone), byTraits(come)];
  const renamed: { from: string; to: string }[] = [];
  for (const [traits, names] of before) {
    const [from, ...others] = names;
    const [to, ...more] = after.get(traits) ?? [];
    if (from !== undefined && to !== undefined && others.length === 0 && more.length === 0) renamed.push({ from, to });
  }
  return renamed.sort((one, other) => byName([one.from, 0], [other.from, 0]));
}

function byTraits(models: readonly (readonly [string, CatalogueModel])[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [name, { provider, prices }] of models) {
    if (prices.size === 0) continue;
    const figures = [...prices].sort(byName).map(([component, { usd }]) => `${component}=${usd}`);
    const traits = [provider, bareName(name), ...figures].join("\n");
    found.set(traits, [...(found.get(traits) ?? []), name]);
  }
  return found;
}

/** "vertex_ai/imagen-4.0-generate-preview-06-06" and "vertex_ai/imagen-4.0-generate-001" are both "imagen40generate". */
function bareName(name: string): string {
  return name
    .toLowerCase()
    .replace(/^.*\//, "")
    .replace(/[@:].*$/, "")
    .replace(/-(preview|latest|exp|experimental|beta|ga)(?=-|$)/g, "")
    .replace(/-(20\d{2}-\d{2}-\d{2}|20\d{6}|\d{2}-\d{2}|\d{2}-20\d{2}|\d{3})$/, "")
    .replace(/[^a-z0-9]/g, "");
}
