import type { Nano } from "../money/usd.ts";
import { isOtherUnit } from "./other-units.ts";
import { NO_USAGE, type TokenCounts, type Usage } from "./usage.ts";
import type { UnknownCounts } from "./usage-keys.ts";

/** The counts of a usage that a trace has no column for, by the names they have in `usage_details`; those of `other-units.ts` have their own. */
export const USAGE_DETAILS = {
  cache_write_5m_tokens: "cacheWrite5mTokens",
  cache_write_1h_tokens: "cacheWrite1hTokens",
  input_audio_tokens: "inputAudioTokens",
  cache_audio_read_tokens: "cacheAudioReadTokens",
  input_image_tokens: "inputImageTokens",
  cache_image_read_tokens: "cacheImageReadTokens",
  input_video_tokens: "inputVideoTokens",
  cache_video_read_tokens: "cacheVideoReadTokens",
  output_audio_tokens: "outputAudioTokens",
  output_image_tokens: "outputImageTokens",
  output_video_tokens: "outputVideoTokens",
  citation_tokens: "citationTokens",
  web_searches: "webSearches",
} as const satisfies Record<string, keyof TokenCounts>;

/** What the provider says the call cost, in nano-dollars, rounded up: no part of the usage, and kept to compare with what was booked. */
export const PROVIDER_COST_DETAIL = "provider_cost_nano";

/** Stands before the path of a count that no reader knows, so that the trace still holds it. */
export const UNKNOWN_COUNT = "unknown:";

const DETAILS = Object.entries(USAGE_DETAILS);

/** What of a trace says how much a call used. */
export interface TracedUsage {
  readonly prompt_tokens: number;
  readonly gen_tokens: number;
  readonly cache_read_tokens: number;
  readonly cache_write_tokens: number;
  readonly reasoning_tokens: number;
  readonly usage_details: Readonly<Record<string, number>>;
}

/**
 * Counts above zero that the token columns of a trace do not hold; undefined, as for most calls, when there are none.
 * @param also what the answer said beside its usage
 */
export function usageDetails(usage: Usage, also: AlsoTold = {}): Record<string, number> | undefined {
  let details: Record<string, number> | undefined;
  const put = (name: string, count: number) => {
    details ??= {};
    details[name] = count;
  };
  for (const [name, field] of DETAILS) if (usage[field] > 0) put(name, usage[field]);
  for (const [unit, count] of Object.entries(usage.units ?? {})) if (count > 0) put(unit, count);
  for (const [path, count] of Object.entries(also.unknownCounts ?? {})) put(UNKNOWN_COUNT + path, count);
  // More than 9 million dollars of one call are no cost to compare with.
  if (also.providerCostNano !== undefined && also.providerCostNano <= MOST_EXACT) put(PROVIDER_COST_DETAIL, Number(also.providerCostNano));
  return details;
}

export interface AlsoTold {
  readonly unknownCounts?: UnknownCounts | undefined;
  readonly providerCostNano?: Nano | undefined;
}

const MOST_EXACT = BigInt(Number.MAX_SAFE_INTEGER);

/**
 * The usage that a trace was written from, to price it again.
 * @returns undefined when the trace holds a count that this version does not know: it cannot be priced again whole
 */
export function usageOfTrace(trace: TracedUsage): Usage | undefined {
  const usage: { -readonly [Count in keyof TokenCounts]: TokenCounts[Count] } = {
    ...NO_USAGE,
    inputTokens: trace.prompt_tokens,
    outputTokens: trace.gen_tokens,
    cacheReadTokens: trace.cache_read_tokens,
    cacheWriteTokens: trace.cache_write_tokens,
    reasoningTokens: trace.reasoning_tokens,
  };
  let units: Usage["units"];
  for (const [name, count] of Object.entries(trace.usage_details)) {
    if (name === PROVIDER_COST_DETAIL) continue;
    if (isOtherUnit(name)) {
      units = { ...units, [name]: count };
      continue;
    }
    const field = USAGE_DETAILS[name as keyof typeof USAGE_DETAILS];
    if (field === undefined) return undefined;
    usage[field] = count;
  }
  return units === undefined ? usage : { ...usage, units };
}
