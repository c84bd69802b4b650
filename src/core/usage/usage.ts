import type { OtherUnit } from "./other-units.ts";

/**
 * What a provider says a call used, in one normal form. Counts are inclusive, as in the OpenTelemetry GenAI conventions:
 * `inputTokens` contains the cached and audio ones, `outputTokens` contains reasoning and audio. `partitionUsage` makes them disjoint.
 * A count that the provider did not report is 0 only when the provider's dialect defines its absence as none.
 */
export interface Usage extends TokenCounts {
  /** What is counted otherwise than in tokens; absent, as for most calls, when there is nothing of it. */
  readonly units?: UnitCounts | undefined;
}

export type UnitCounts = Readonly<Partial<Record<OtherUnit, number>>>;

/** The counts that every usage has; text is what is none of the others. */
export interface TokenCounts {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  /** All cache writes, whatever their time to live; contains the two below. */
  readonly cacheWriteTokens: number;
  readonly cacheWrite5mTokens: number;
  readonly cacheWrite1hTokens: number;
  readonly inputAudioTokens: number;
  readonly cacheAudioReadTokens: number;
  /** Images, and the pages of documents that are read as such. */
  readonly inputImageTokens: number;
  readonly cacheImageReadTokens: number;
  readonly inputVideoTokens: number;
  readonly cacheVideoReadTokens: number;
  readonly outputAudioTokens: number;
  readonly outputImageTokens: number;
  readonly outputVideoTokens: number;
  /** Part of `outputTokens`; told apart for reports, priced as output unless a price says otherwise. */
  readonly reasoningTokens: number;
  /** Part of `outputTokens`: what Perplexity bills for text it cites. */
  readonly citationTokens: number;
  /** Searches a provider ran on the caller's behalf and bills apiece. */
  readonly webSearches: number;
}

export const NO_USAGE: TokenCounts = {
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
  inputAudioTokens: 0,
  cacheAudioReadTokens: 0,
  inputImageTokens: 0,
  cacheImageReadTokens: 0,
  inputVideoTokens: 0,
  cacheVideoReadTokens: 0,
  outputAudioTokens: 0,
  outputImageTokens: 0,
  outputVideoTokens: 0,
  reasoningTokens: 0,
  citationTokens: 0,
  webSearches: 0,
};

/** The wire shapes of the gateway's own endpoints: requests are bounded in these, and answers read. */
export const CALL_DIALECTS = ["openai-chat", "openai-responses", "openai-embeddings", "anthropic-messages"] as const;
export type CallDialect = (typeof CALL_DIALECTS)[number];

/** The wire shapes that usage is read from: those of our endpoints, and those of answers that were got elsewhere and are reported or explained. */
export const USAGE_DIALECTS = [
  ...CALL_DIALECTS,
  "openai-transcriptions",
  "openai-images",
  "openai-realtime",
  "google-generate-content",
  "google-interactions",
  "bedrock-converse",
  "bedrock-invoke-model",
  "cohere",
] as const;
export type UsageDialect = (typeof USAGE_DIALECTS)[number];
