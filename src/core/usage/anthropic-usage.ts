import type { FoundUsage } from "./extract-usage.ts";
import { NO_USAGE, type TokenCounts } from "./usage.ts";
import { countIn, countOrNone, isObject, requireCount } from "./usage-fields.ts";
import { unknownCounts, usageKeys } from "./usage-keys.ts";

/** A name of something that the provider bills and the usage does not count. */
export type BilledApart = string;

const COUNTED = [
  ...["input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"],
  ...["cache_creation.ephemeral_5m_input_tokens", "cache_creation.ephemeral_1h_input_tokens", "output_tokens_details.thinking_tokens"],
];

/**
 * Anthropic's API reference, "Messages", usage. Fetching a page costs the tokens that it comes to and nothing else ("Web fetch tool", 2026).
 * Iterations are counted below, or name what is billed apart. The last three are what others add who speak this dialect: parts and sums.
 */
const ANTHROPIC_KEYS = usageKeys(
  COUNTED,
  ["server_tool_use.web_search_requests", "server_tool_use.web_fetch_requests"],
  COUNTED.map((path) => `iterations.${path}`),
  ["total_tokens", "output_tokens_details.reasoning_tokens", "pydantic_ai_gateway"],
);

/** `/v1/messages`. Anthropic's `input_tokens` leave cached ones out; ours contain them. */
export function readAnthropicUsage(body: Record<string, unknown>): FoundUsage | undefined {
  const { usage } = body;
  if (!isObject(usage)) return undefined;
  const counted = counts(usage);
  const iterations = Array.isArray(usage.iterations) ? usage.iterations.filter(isObject) : [];
  let total = { ...counted, webSearches: countOrNone(usage.server_tool_use, "web_search_requests") };
  const billedApart = new Set<BilledApart>();
  let model: string | undefined;
  for (const iteration of iterations) {
    // The totals leave compaction out, though it is billed like the rest; an adviser is another model, at other prices.
    if (iteration.type === "compaction") total = addCounts(total, counts(iteration));
    else if (iteration.type === "fallback_message" && typeof iteration.model === "string") model = iteration.model;
    else if (iteration.type !== "message") billedApart.add(String(iteration.type));
  }
  return {
    usage: total,
    model,
    serviceTier: serviceTier(usage),
    billedApart: [...billedApart],
    unknownCounts: unknownCounts("usage", usage, ANTHROPIC_KEYS),
  };
}

function counts(usage: Record<string, unknown>): TokenCounts {
  const uncached = requireCount(usage, "input_tokens");
  const cacheReadTokens = countOrNone(usage, "cache_read_input_tokens");
  const cacheWrite5mTokens = countOrNone(usage.cache_creation, "ephemeral_5m_input_tokens");
  const cacheWrite1hTokens = countOrNone(usage.cache_creation, "ephemeral_1h_input_tokens");
  const cacheWriteTokens = countIn(usage, "cache_creation_input_tokens") ?? cacheWrite5mTokens + cacheWrite1hTokens;
  return {
    ...NO_USAGE,
    inputTokens: uncached + cacheReadTokens + cacheWriteTokens,
    outputTokens: requireCount(usage, "output_tokens"),
    cacheReadTokens,
    cacheWriteTokens,
    cacheWrite5mTokens,
    cacheWrite1hTokens,
    reasoningTokens: countOrNone(usage.output_tokens_details, "thinking_tokens"),
  };
}

function addCounts(one: TokenCounts, other: TokenCounts): TokenCounts {
  const sum: Record<string, number> = { ...one };
  for (const [key, count] of Object.entries(other)) sum[key] = (sum[key] ?? 0) + count;
  return sum as unknown as TokenCounts;
}

/** Fast mode and inference inside the United States have prices of their own, and are told beside the tier; both at once multiply. */
function serviceTier(usage: Record<string, unknown>): string | undefined {
  const regional = usage.inference_geo === "us";
  if (usage.speed === "fast") return regional ? "fast-geo-us" : "fast";
  if (regional) return "geo-us";
  return typeof usage.service_tier === "string" ? usage.service_tier : undefined;
}
