/**
 * What a provider says a call used, in one normal form. Counts are inclusive, as in the OpenTelemetry GenAI conventions:
 * `inputTokens` contains the cached and audio ones, `outputTokens` contains reasoning and audio. `partitionUsage` makes them disjoint.
 * A count that the provider did not report is 0 only when the provider's dialect defines its absence as none.
 */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  /** All cache writes, whatever their time to live; contains the two below. */
  readonly cacheWriteTokens: number;
  readonly cacheWrite5mTokens: number;
  readonly cacheWrite1hTokens: number;
  readonly inputAudioTokens: number;
  readonly cacheAudioReadTokens: number;
  /** Images and video: both are billed as what they take of the context. */
  readonly inputImageTokens: number;
  readonly outputAudioTokens: number;
  readonly outputImageTokens: number;
  /** Part of `outputTokens`; told apart for reports, priced as output unless a price says otherwise. */
  readonly reasoningTokens: number;
  /** Part of `outputTokens`: what Perplexity bills for text it cites. */
  readonly citationTokens: number;
  /** Searches a provider ran on the caller's behalf and bills apiece. */
  readonly webSearches: number;
}

export const NO_USAGE: Usage = {
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
  inputAudioTokens: 0,
  cacheAudioReadTokens: 0,
  inputImageTokens: 0,
  outputAudioTokens: 0,
  outputImageTokens: 0,
  reasoningTokens: 0,
  citationTokens: 0,
  webSearches: 0,
};

/** The wire shapes that usage is read from. */
export const USAGE_DIALECTS = ["openai-chat", "openai-responses", "openai-embeddings", "anthropic-messages"] as const;
export type UsageDialect = (typeof USAGE_DIALECTS)[number];
