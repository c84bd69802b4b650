import { formatDecimal, parseDecimal } from "../money/usd.ts";
import { CATALOGUE_SCALE, type CatalogueModel, type PriceCatalogue } from "./price-catalogue.ts";
import type { PriceKey } from "./price-figures.ts";

/** A row as `prices/ballast-prices.json` and the configuration write it. */
export type WrittenRow = Readonly<Record<string, unknown>>;

export interface ImportedRows {
  readonly rows: readonly WrittenRow[];
  /** Models that make no row, and why: better no price, and refused calls, than a price that leaves something out. */
  readonly leftOut: readonly { readonly model: string; readonly reason: string }[];
}

const KEYS: Readonly<Record<string, PriceKey>> = {
  input_cost_per_token: "input_mtok",
  output_cost_per_token: "output_mtok",
  cache_read_input_token_cost: "cache_read_mtok",
  input_cost_per_token_cache_hit: "cache_read_mtok",
  cache_creation_input_token_cost: "cache_write_mtok",
  cache_creation_input_token_cost_above_1hr: "cache_write_1h_mtok",
  input_cost_per_audio_token: "input_audio_mtok",
  output_cost_per_audio_token: "output_audio_mtok",
  cache_read_input_audio_token_cost: "cache_audio_read_mtok",
  input_cost_per_image_token: "input_image_mtok",
  output_cost_per_image_token: "output_image_mtok",
  output_cost_per_reasoning_token: "output_reasoning_mtok",
  citation_cost_per_token: "output_citation_mtok",
};
const SEARCH = "search_context_cost_per_query.";
const VARIANTS: Readonly<Record<string, WrittenRow>> = {
  "": {},
  _batches: { batch: true },
  _flex: { service_tier: "flex" },
  _priority: { service_tier: "priority" },
};

/** Rows of a LiteLLM catalogue: the standard price, batch, and flex and priority, each with its tiers by prompt size. */
export function rowsFromLitellm(catalogue: PriceCatalogue, asOf: string, provider?: string): ImportedRows {
  const rows: WrittenRow[] = [];
  const leftOut: { model: string; reason: string }[] = [];
  for (const [name, model] of catalogue.models) {
    if (provider !== undefined && model.provider !== provider) continue;
    const made = rowsOf(model, asOf);
    if (typeof made === "string") leftOut.push({ model: name, reason: made });
    else rows.push(...made);
  }
  return { rows, leftOut };
}

function rowsOf({ provider, model, prices }: CatalogueModel, asOf: string): WrittenRow[] | string {
  if (prices.size === 0) return "has no price";
  if ([...prices.values()].every(({ usd }) => usd === 0n)) return "is priced at 0 throughout, which there often means that nobody knows";
  const byVariant = new Map<string, { base: Record<string, string>; tiers: Map<number, Record<string, string>> }>();
  let search = 0n;
  for (const [component, { usd }] of prices) {
    if (component.startsWith(SEARCH)) {
      if (usd > search) search = usd;
      continue;
    }
    const read = readKey(component);
    // A zero beside real prices says there that nobody wrote one down; the kind it is part of has one. Embeddings do send nothing out.
    if (usd === 0n && (!read || (read.key !== "input_mtok" && read.key !== "output_mtok"))) continue;
    if (!read) return `has a price that is not of tokens or searches: ${component}`;
    const variant = byVariant.get(read.variant) ?? { base: {}, tiers: new Map<number, Record<string, string>>() };
    byVariant.set(read.variant, variant);
    const place = read.above === undefined ? variant.base : (variant.tiers.get(read.above) ?? {});
    if (read.above !== undefined) variant.tiers.set(read.above, place);
    // Two names for one price may differ; the dearer one never charges less than is owed.
    const other = place[read.key];
    place[read.key] = figureText(other === undefined ? usd : dearer(usd, other));
  }
  if (!byVariant.has("")) return "has no standard price";
  const bare = model.startsWith(`${provider}/`) ? model.slice(provider.length + 1) : model;
  const made: WrittenRow[] = [];
  for (const [variant, { base, tiers }] of byVariant) {
    const orphan = [...tiers.values()].flatMap((tier) => Object.keys(tier)).find((key) => base[key] === undefined);
    if (orphan !== undefined) return `has a tier of ${orphan} without its base`;
    const steps = [...tiers].sort(([one], [other]) => one - other).map(([above, figures]) => ({ above, ...figures }));
    made.push({
      provider,
      model: bare,
      ...VARIANTS[variant],
      ...base,
      ...(steps.length > 0 ? { tiers: steps } : {}),
      // The dearest of the sizes of a search, since nobody says which one a call used.
      ...(variant === "" && search > 0n ? { web_searches_kcount: figureText(search * 1_000n) } : {}),
      source: "litellm",
      as_of: asOf,
    });
  }
  return made;
}

/** "input_cost_per_token_above_200k_tokens_priority" is input_mtok above 200,000 of priority. */
function readKey(component: string): { key: PriceKey; above: number | undefined; variant: string } | undefined {
  const match = /^(.+?)(?:_above_(\d+)k_tokens)?(_batches|_flex|_priority)?$/.exec(component);
  const key = match && KEYS[match[1] ?? ""];
  if (!key) return undefined;
  return { key, above: match[2] === undefined ? undefined : Number(match[2]) * 1_000, variant: match[3] ?? "" };
}

function dearer(usd: bigint, other: string): bigint {
  const known = parseDecimal(other, CATALOGUE_SCALE) ?? 0n;
  return known > usd ? known : usd;
}

/** With as many decimals as a price can have here, up. */
function figureText(usd: bigint): string {
  return formatDecimal(parseDecimal(formatDecimal(usd, CATALOGUE_SCALE), 12, "up") ?? 0n, 12);
}
