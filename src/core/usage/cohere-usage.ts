import type { FoundUsage } from "./extract-usage.ts";
import { NO_USAGE, type UnitCounts } from "./usage.ts";
import { countIn, countOrNone, isObject } from "./usage-fields.ts";
import { unknownCounts, usageKeys } from "./usage-keys.ts";

/**
 * Cohere's API reference, 2026. `billed_units` are what is billed; `tokens` are what the model read and wrote, its own instructions included,
 * and of these some were cached. Neither costs anything beside the billed ones.
 */
const COHERE_KEYS = usageKeys(
  ["input_tokens", "output_tokens", "image_tokens", "images", "search_units", "classifications"].map((unit) => `billed_units.${unit}`),
  ["tokens.input_tokens", "tokens.output_tokens", "cached_tokens", "api_version"],
);

/** `/v1/chat`, `/v2/chat`, `/v1|v2/embed`, `/v1|v2/rerank`, `/v1/classify`: under `usage`, or under `meta`. */
export function readCohereUsage(body: Record<string, unknown>): FoundUsage | undefined {
  const [name, usage] = isObject(body.usage) ? ["usage", body.usage] : ["meta", body.meta];
  if (!isObject(usage) || !isObject(usage.billed_units)) return undefined;
  const billed = usage.billed_units;
  const images = countOrNone(billed, "image_tokens");
  const units: UnitCounts = {
    ...counted("input_images", countIn(billed, "images")),
    ...counted("rerank_searches", countIn(billed, "search_units")),
    ...counted("classifications", countIn(billed, "classifications")),
  };
  return {
    usage: {
      ...NO_USAGE,
      inputTokens: countOrNone(billed, "input_tokens") + images,
      outputTokens: countOrNone(billed, "output_tokens"),
      inputImageTokens: images,
      ...(Object.keys(units).length > 0 ? { units } : {}),
    },
    billedApart: [],
    unknownCounts: unknownCounts(String(name), usage, COHERE_KEYS),
  };
}

function counted(unit: keyof UnitCounts, count: number | undefined): UnitCounts {
  return count === undefined || count === 0 ? {} : { [unit]: count };
}
