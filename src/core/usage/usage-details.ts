import { NO_USAGE, type Usage } from "./usage.ts";

/** The counts of a usage that a trace has no column for, by the names they have in `usage_details`. */
export const USAGE_DETAILS = {
  cache_write_5m_tokens: "cacheWrite5mTokens",
  cache_write_1h_tokens: "cacheWrite1hTokens",
  input_audio_tokens: "inputAudioTokens",
  cache_audio_read_tokens: "cacheAudioReadTokens",
  input_image_tokens: "inputImageTokens",
  output_audio_tokens: "outputAudioTokens",
  output_image_tokens: "outputImageTokens",
  citation_tokens: "citationTokens",
  web_searches: "webSearches",
} as const satisfies Record<string, keyof Usage>;

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

/** Counts above zero that the token columns of a trace do not hold; undefined, as for most calls, when there are none. */
export function usageDetails(usage: Usage): Record<string, number> | undefined {
  const counted = DETAILS.filter(([, field]) => usage[field] > 0);
  return counted.length === 0 ? undefined : Object.fromEntries(counted.map(([name, field]) => [name, usage[field]]));
}

/**
 * The usage that a trace was written from, to price it again.
 * @returns undefined when the trace holds a count that this version does not know: it cannot be priced again whole
 */
export function usageOfTrace(trace: TracedUsage): Usage | undefined {
  const usage: { -readonly [Count in keyof Usage]: Usage[Count] } = {
    ...NO_USAGE,
    inputTokens: trace.prompt_tokens,
    outputTokens: trace.gen_tokens,
    cacheReadTokens: trace.cache_read_tokens,
    cacheWriteTokens: trace.cache_write_tokens,
    reasoningTokens: trace.reasoning_tokens,
  };
  for (const [name, count] of Object.entries(trace.usage_details)) {
    const field = USAGE_DETAILS[name as keyof typeof USAGE_DETAILS];
    if (field === undefined) return undefined;
    usage[field] = count;
  }
  return usage;
}
