import { readAnthropicUsage } from "./anthropic-usage.ts";
import type { FoundUsage } from "./extract-usage.ts";
import { readChatUsage } from "./openai-usage.ts";
import { NO_USAGE } from "./usage.ts";
import { countIn, countOrNone, isObject, requireCount } from "./usage-fields.ts";
import { unknownCounts, usageKeys } from "./usage-keys.ts";

/** Bedrock's API reference, TokenUsage, 2026; each cache count was recorded under two names. Nova's own answers have the same shape. */
const CONVERSE_KEYS = usageKeys(
  ["inputTokens", "outputTokens", "totalTokens"],
  ["cacheReadInputTokens", "cacheReadInputTokenCount", "cacheWriteInputTokens", "cacheWriteInputTokenCount", "cacheDetails.inputTokens"],
);

/** `Converse` and `ConverseStream`. Its `inputTokens` leave cached ones out; ours contain them. */
export function readConverseUsage(body: Record<string, unknown>): FoundUsage | undefined {
  const { usage } = body;
  if (!isObject(usage)) return undefined;
  const cacheReadTokens = countIn(usage, "cacheReadInputTokens") ?? countOrNone(usage, "cacheReadInputTokenCount");
  const written = countIn(usage, "cacheWriteInputTokens") ?? countOrNone(usage, "cacheWriteInputTokenCount");
  return {
    usage: {
      ...NO_USAGE,
      inputTokens: requireCount(usage, "inputTokens") + cacheReadTokens + written,
      outputTokens: countOrNone(usage, "outputTokens"),
      cacheReadTokens,
      cacheWriteTokens: written,
      ...writtenByLifetime(usage.cacheDetails),
    },
    serviceTier: servedTier(body),
    billedApart: [],
    unknownCounts: unknownCounts("usage", usage, CONVERSE_KEYS),
  };
}

function writtenByLifetime(details: unknown): { cacheWrite5mTokens: number; cacheWrite1hTokens: number } {
  const split = { cacheWrite5mTokens: 0, cacheWrite1hTokens: 0 };
  for (const part of Array.isArray(details) ? details : []) {
    if (!isObject(part)) continue;
    if (part.ttl === "5m") split.cacheWrite5mTokens += countOrNone(part, "inputTokens");
    if (part.ttl === "1h") split.cacheWrite1hTokens += countOrNone(part, "inputTokens");
  }
  return split;
}

/** Latency-optimised inference has prices of its own, and so have service tiers; both are told as served. */
function servedTier(body: Record<string, unknown>): string | undefined {
  if (isObject(body.performanceConfig) && body.performanceConfig.latency === "optimized") return "latency-optimized";
  return isObject(body.serviceTier) && typeof body.serviceTier.type === "string" ? body.serviceTier.type : undefined;
}

/** What the last event of every model's stream tells, beside the times that it took. */
const METRICS_KEYS = usageKeys([
  ...["inputTokenCount", "outputTokenCount", "cacheReadInputTokenCount", "cacheWriteInputTokenCount"],
  ...["invocationLatency", "firstByteLatency"],
]);

/**
 * `InvokeModel`: the answer is the model maker's own. Anthropic's and OpenAI's are read as theirs, Nova's as `Converse`; Titan's and Llama's
 * are their own; the stream's last event counts for all of them.
 */
export function readInvokeModelUsage(body: Record<string, unknown>): FoundUsage | undefined {
  const metrics = body["amazon-bedrock-invocationMetrics"];
  if (isObject(metrics)) return readMetrics(metrics);
  const { usage } = body;
  if (isObject(usage)) {
    if ("inputTokens" in usage) return readConverseUsage(body);
    return "prompt_tokens" in usage ? readChatUsage(body) : readAnthropicUsage(body);
  }
  if ("inputTextTokenCount" in body) return readTitan(body);
  return "prompt_token_count" in body ? readLlama(body) : undefined;
}

function readMetrics(metrics: Record<string, unknown>): FoundUsage {
  const cacheReadTokens = countOrNone(metrics, "cacheReadInputTokenCount");
  const cacheWriteTokens = countOrNone(metrics, "cacheWriteInputTokenCount");
  const inputTokens = requireCount(metrics, "inputTokenCount") + cacheReadTokens + cacheWriteTokens;
  return {
    usage: { ...NO_USAGE, inputTokens, outputTokens: countOrNone(metrics, "outputTokenCount"), cacheReadTokens, cacheWriteTokens },
    billedApart: [],
    unknownCounts: unknownCounts("amazon-bedrock-invocationMetrics", metrics, METRICS_KEYS),
  };
}

/** Amazon Titan, text and embeddings ("Amazon Titan Text models", Bedrock user guide). */
function readTitan(body: Record<string, unknown>): FoundUsage {
  const results = Array.isArray(body.results) ? body.results : [];
  const outputTokens = results.reduce((sum: number, result) => sum + countOrNone(result, "tokenCount"), 0);
  return { usage: { ...NO_USAGE, inputTokens: requireCount(body, "inputTextTokenCount"), outputTokens }, billedApart: [] };
}

/** Meta Llama ("Meta Llama models", Bedrock user guide). */
function readLlama(body: Record<string, unknown>): FoundUsage {
  const usage = { inputTokens: requireCount(body, "prompt_token_count"), outputTokens: countOrNone(body, "generation_token_count") };
  return { usage: { ...NO_USAGE, ...usage }, billedApart: [] };
}
