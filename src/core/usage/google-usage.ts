import type { FoundUsage } from "./extract-usage.ts";
import { NO_USAGE } from "./usage.ts";
import { countIn, countOrNone, isObject, requireCount, UsageFault } from "./usage-fields.ts";
import { unknownCounts, usageKeys } from "./usage-keys.ts";

const COUNTED = ["promptTokenCount", "cachedContentTokenCount", "candidatesTokenCount", "responseTokenCount", "thoughtsTokenCount"];
const BY_MODALITY = ["promptTokensDetails", "cacheTokensDetails", "candidatesTokensDetails", "responseTokensDetails"];

/** Gemini API reference and Vertex AI reference, UsageMetadata, 2026. `promptTokenDetails` is what embeddings were recorded with. */
const GOOGLE_KEYS = usageKeys(
  [...COUNTED, "toolUsePromptTokenCount", "totalTokenCount", "pydantic_ai_gateway"],
  [...BY_MODALITY, "promptTokenDetails", "toolUsePromptTokensDetails"].map((list) => `${list}.tokenCount`),
);

/**
 * `generateContent` and `embedContent`, of the Gemini API and of Vertex AI. Its prompt contains what was cached and leaves out what tools
 * read; its candidates leave thoughts out.
 */
export function readGenerateContentUsage(body: Record<string, unknown>): FoundUsage | undefined {
  const usage = body.usageMetadata;
  // The first chunks of a stream tell the kind of traffic only. A count of nothing is left out, so any of them will do.
  if (!isObject(usage) || !COUNTED.some((count) => usage[count] !== undefined)) return undefined;
  const prompt = byModality(usage.promptTokensDetails ?? usage.promptTokenDetails, "tokenCount");
  const tools = byModality(usage.toolUsePromptTokensDetails, "tokenCount");
  const cached = byModality(usage.cacheTokensDetails, "tokenCount");
  const output = byModality(usage.candidatesTokensDetails ?? usage.responseTokensDetails, "tokenCount");
  const thoughts = countOrNone(usage, "thoughtsTokenCount");
  const answered = countIn(usage, "candidatesTokenCount") ?? countOrNone(usage, "responseTokenCount");
  return {
    usage: {
      ...NO_USAGE,
      inputTokens: countOrNone(usage, "promptTokenCount") + countOrNone(usage, "toolUsePromptTokenCount"),
      outputTokens: answered + thoughts,
      cacheReadTokens: countOrNone(usage, "cachedContentTokenCount"),
      inputAudioTokens: prompt.audio + tools.audio,
      cacheAudioReadTokens: cached.audio,
      inputImageTokens: prompt.image + tools.image,
      cacheImageReadTokens: cached.image,
      inputVideoTokens: prompt.video + tools.video,
      cacheVideoReadTokens: cached.video,
      outputAudioTokens: output.audio,
      outputImageTokens: output.image,
      outputVideoTokens: output.video,
      reasoningTokens: thoughts,
    },
    model: textIn(body.modelVersion),
    responseId: textIn(body.responseId),
    serviceTier: servedTier(usage),
    billedApart: groundedBy(body) ? ["google_search"] : [],
    unknownCounts: unknownCounts("usageMetadata", usage, GOOGLE_KEYS),
  };
}

/** Vertex AI tells the tier as the kind of traffic, the Gemini API by its name. */
function servedTier(usage: Record<string, unknown>): string | undefined {
  const traffic = textIn(usage.trafficType)?.toLowerCase();
  if (traffic === undefined || traffic === "traffic_type_unspecified") return textIn(usage.serviceTier);
  return traffic === "on_demand" ? "standard" : traffic.replace(/^on_demand_/, "");
}

/** Grounding with Google Search is billed by the prompt or by the query, depending on the model; the usage does not count it. */
function groundedBy(body: Record<string, unknown>): boolean {
  const candidates = Array.isArray(body.candidates) ? body.candidates : [];
  return candidates.some((candidate) => {
    const grounding = isObject(candidate) ? candidate.groundingMetadata : undefined;
    return isObject(grounding) && Array.isArray(grounding.webSearchQueries) && grounding.webSearchQueries.length > 0;
  });
}

const INTERACTIONS_KEYS = usageKeys(
  ["total_tokens", "total_input_tokens", "total_cached_tokens", "total_output_tokens", "total_tool_use_tokens", "total_thought_tokens"],
  ["input", "cached", "output", "tool_use"].map((side) => `${side}_tokens_by_modality.tokens`),
);

/** The Interactions API: `total_input_tokens` leave tools out, `total_output_tokens` leave thoughts out, as recorded. */
export function readInteractionsUsage(body: Record<string, unknown>): FoundUsage | undefined {
  const { usage } = body;
  if (!isObject(usage)) return undefined;
  const input = byModality(usage.input_tokens_by_modality, "tokens");
  const tools = byModality(usage.tool_use_tokens_by_modality, "tokens");
  const cached = byModality(usage.cached_tokens_by_modality, "tokens");
  const output = byModality(usage.output_tokens_by_modality, "tokens");
  const thoughts = countOrNone(usage, "total_thought_tokens");
  return {
    usage: {
      ...NO_USAGE,
      inputTokens: requireCount(usage, "total_input_tokens") + countOrNone(usage, "total_tool_use_tokens"),
      outputTokens: countOrNone(usage, "total_output_tokens") + thoughts,
      cacheReadTokens: countOrNone(usage, "total_cached_tokens"),
      inputAudioTokens: input.audio + tools.audio,
      cacheAudioReadTokens: cached.audio,
      inputImageTokens: input.image + tools.image,
      cacheImageReadTokens: cached.image,
      inputVideoTokens: input.video + tools.video,
      cacheVideoReadTokens: cached.video,
      outputAudioTokens: output.audio,
      outputImageTokens: output.image,
      outputVideoTokens: output.video,
      reasoningTokens: thoughts,
    },
    billedApart: [],
    unknownCounts: unknownCounts("usage", usage, INTERACTIONS_KEYS),
  };
}

interface Modalities {
  text: number;
  audio: number;
  image: number;
  video: number;
}

/** Pages of documents are read as images. @throws UsageFault on a modality that nobody has a price for */
function byModality(list: unknown, count: "tokenCount" | "tokens"): Modalities {
  const sums: Modalities = { text: 0, audio: 0, image: 0, video: 0 };
  for (const part of Array.isArray(list) ? list : []) {
    const modality = isObject(part) ? textIn(part.modality)?.toLowerCase() : undefined;
    const tokens = countOrNone(part, count);
    if (modality === "document") sums.image += tokens;
    else if (modality !== undefined && modality in sums) sums[modality as keyof Modalities] += tokens;
    // A plain count without its kind is in the total, which is all that its price needs.
    else if (modality !== undefined && modality !== "modality_unspecified" && tokens > 0) throw new UsageFault(`modality ${modality}`);
  }
  return sums;
}

function textIn(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
