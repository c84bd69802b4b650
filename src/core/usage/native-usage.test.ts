import { describe, expect, it } from "vitest";
import { extractUsage } from "./extract-usage.ts";
import { createStreamUsage } from "./stream-usage.ts";
import type { Usage, UsageDialect } from "./usage.ts";

function usageOf(dialect: UsageDialect, body: unknown): Usage {
  const reading = extractUsage(dialect, body);
  if (reading.outcome !== "measured") throw new Error(`${reading.reason} ${reading.detail}`);
  return reading.usage;
}

function streamed(dialect: UsageDialect, events: readonly unknown[]) {
  const stream = createStreamUsage(dialect);
  for (const event of events) stream.read(event);
  return stream.reading();
}

describe("Google's usage", () => {
  it("is told apart by modality, cached and read by tools as well, with thoughts beside the candidates", () => {
    const usageMetadata = {
      promptTokenCount: 3297,
      promptTokensDetails: [
        { modality: "TEXT", tokenCount: 83 },
        { modality: "VIDEO", tokenCount: 2893 },
        { modality: "AUDIO", tokenCount: 321 },
      ],
      cachedContentTokenCount: 2918,
      cacheTokensDetails: [
        { modality: "AUDIO", tokenCount: 284 },
        { modality: "TEXT", tokenCount: 73 },
        { modality: "VIDEO", tokenCount: 2561 },
      ],
      toolUsePromptTokenCount: 40,
      toolUsePromptTokensDetails: [{ modality: "DOCUMENT", tokenCount: 40 }],
      candidatesTokenCount: 55,
      thoughtsTokenCount: 95,
    };
    expect(usageOf("google-generate-content", { usageMetadata })).toMatchObject({
      inputTokens: 3337,
      outputTokens: 150,
      reasoningTokens: 95,
      cacheReadTokens: 2918,
      inputAudioTokens: 321,
      cacheAudioReadTokens: 284,
      inputVideoTokens: 2893,
      cacheVideoReadTokens: 2561,
      inputImageTokens: 40,
    });
  });

  it("says which tier was served, as traffic or by name, and that a search was made", () => {
    const body = (usage: object, more = {}) => ({ usageMetadata: { promptTokenCount: 1, ...usage }, ...more });
    expect(extractUsage("google-generate-content", body({ trafficType: "ON_DEMAND_FLEX" }))).toMatchObject({ serviceTier: "flex" });
    expect(extractUsage("google-generate-content", body({ trafficType: "ON_DEMAND" }))).toMatchObject({ serviceTier: "standard" });
    expect(extractUsage("google-generate-content", body({ serviceTier: "priority" }))).toMatchObject({ serviceTier: "priority" });
    const candidates = [{ groundingMetadata: { webSearchQueries: ["weather"] } }];
    expect(extractUsage("google-generate-content", body({}, { candidates }))).toMatchObject({ billedApart: ["google_search"] });
  });

  it("of an unheard-of modality cannot be used", () => {
    const usageMetadata = { promptTokenCount: 5, promptTokensDetails: [{ modality: "SMELL", tokenCount: 5 }] };
    expect(extractUsage("google-generate-content", { usageMetadata })).toMatchObject({ outcome: "missing", reason: "malformed_usage" });
  });

  it("of a stream is final with the last candidate's reason, and of a blocked prompt at once", () => {
    const chunk = (tokens: number, finishReason?: string) => ({
      candidates: [{ index: 0, finishReason }],
      usageMetadata: { promptTokenCount: 4, candidatesTokenCount: tokens },
    });
    expect(streamed("google-generate-content", [chunk(3)])).toMatchObject({ reason: "unfinished", atLeast: { outputTokens: 3 } });
    expect(streamed("google-generate-content", [chunk(3), chunk(7, "STOP")])).toMatchObject({ usage: { outputTokens: 7 } });
    const blocked = { promptFeedback: { blockReason: "SAFETY" }, usageMetadata: { promptTokenCount: 4 } };
    expect(streamed("google-generate-content", [blocked])).toMatchObject({ usage: { inputTokens: 4, outputTokens: 0 } });
  });
});

describe("Bedrock's usage", () => {
  it("of Converse leaves cached tokens out of its input, and tells how long they were written for", () => {
    const usage = { inputTokens: 3, outputTokens: 288, cacheReadInputTokens: 5, cacheWriteInputTokens: 74, totalTokens: 370 };
    const cacheDetails = [
      { inputTokens: 70, ttl: "5m" },
      { inputTokens: 4, ttl: "1h" },
    ];
    expect(usageOf("bedrock-converse", { usage: { ...usage, cacheDetails } })).toMatchObject({
      inputTokens: 82,
      outputTokens: 288,
      cacheReadTokens: 5,
      cacheWriteTokens: 74,
      cacheWrite5mTokens: 70,
      cacheWrite1hTokens: 4,
    });
  });

  it("names the tier that was served, and latency-optimised inference", () => {
    const usage = { inputTokens: 1, outputTokens: 1 };
    expect(extractUsage("bedrock-converse", { usage, serviceTier: { type: "flex" } })).toMatchObject({ serviceTier: "flex" });
    const fast = { usage, performanceConfig: { latency: "optimized" } };
    expect(extractUsage("bedrock-converse", fast)).toMatchObject({ serviceTier: "latency-optimized" });
  });

  it("of InvokeModel is that of the model's maker", () => {
    const anthropic = { usage: { input_tokens: 10, cache_read_input_tokens: 5, output_tokens: 2 } };
    expect(usageOf("bedrock-invoke-model", anthropic)).toMatchObject({ inputTokens: 15, cacheReadTokens: 5, outputTokens: 2 });
    const gptOss = { usage: { prompt_tokens: 10, completion_tokens: 2 } };
    expect(usageOf("bedrock-invoke-model", gptOss)).toMatchObject({ inputTokens: 10, outputTokens: 2 });
    expect(usageOf("bedrock-invoke-model", { usage: { inputTokens: 10, outputTokens: 2 } })).toMatchObject({ inputTokens: 10 });
    const titan = { inputTextTokenCount: 10, results: [{ tokenCount: 2 }, { tokenCount: 3 }] };
    expect(usageOf("bedrock-invoke-model", titan)).toMatchObject({ inputTokens: 10, outputTokens: 5 });
    const llama = { prompt_token_count: 10, generation_token_count: 2 };
    expect(usageOf("bedrock-invoke-model", llama)).toMatchObject({ inputTokens: 10, outputTokens: 2 });
  });

  it("of an InvokeModel stream is in its last event, whatever the model", () => {
    const last = {
      "amazon-bedrock-invocationMetrics": { inputTokenCount: 9, outputTokenCount: 4, invocationLatency: 812, firstByteLatency: 90 },
    };
    const reading = streamed("bedrock-invoke-model", [{ type: "message_start" }, { type: "message_stop", ...last }]);
    expect(reading).toMatchObject({ outcome: "measured", usage: { inputTokens: 9, outputTokens: 4 }, unknownCounts: undefined });
  });
});

describe("Cohere's usage", () => {
  it("is what is billed, not what the model read with its own instructions", () => {
    const usage = {
      billed_units: { input_tokens: 12, output_tokens: 7 },
      tokens: { input_tokens: 507, output_tokens: 10 },
      cached_tokens: 448,
    };
    expect(usageOf("cohere", { usage })).toMatchObject({ inputTokens: 12, outputTokens: 7, cacheReadTokens: 0 });
    expect(usageOf("cohere", { meta: usage })).toMatchObject({ inputTokens: 12, outputTokens: 7 });
  });

  it("of a reranking is counted in searches, of embeddings in tokens and images", () => {
    expect(usageOf("cohere", { meta: { billed_units: { search_units: 2 } } })).toMatchObject({
      inputTokens: 0,
      units: { rerank_searches: 2 },
    });
    const embedded = { meta: { billed_units: { input_tokens: 4, image_tokens: 30, images: 1 } } };
    expect(usageOf("cohere", embedded)).toMatchObject({ inputTokens: 34, inputImageTokens: 30, units: { input_images: 1 } });
  });

  it("of a stream comes with its end, in both versions", () => {
    const usage = { billed_units: { input_tokens: 1, output_tokens: 2 } };
    expect(streamed("cohere", [{ type: "message-end", delta: { usage } }])).toMatchObject({ usage: { outputTokens: 2 } });
    expect(streamed("cohere", [{ event_type: "stream-end", response: { meta: usage } }])).toMatchObject({ usage: { outputTokens: 2 } });
    expect(streamed("cohere", [{ type: "content-delta" }])).toMatchObject({ reason: "unfinished" });
  });
});

describe("OpenAI's audio and images", () => {
  it("are counted in milliseconds where the model is billed by time, and in tokens where it is not", () => {
    expect(usageOf("openai-transcriptions", { usage: { type: "duration", seconds: 12.345 } }).units).toEqual({ input_audio_ms: 12_345 });
    const tokens = {
      type: "tokens",
      input_tokens: 14,
      input_token_details: { text_tokens: 4, audio_tokens: 10 },
      output_tokens: 9,
      total_tokens: 23,
    };
    expect(usageOf("openai-transcriptions", { usage: tokens })).toMatchObject({ inputTokens: 14, inputAudioTokens: 10, outputTokens: 9 });
    expect(extractUsage("openai-transcriptions", { usage: { type: "duration", seconds: -1 } })).toMatchObject({
      reason: "malformed_usage",
    });
  });

  it("are counted in images where no token is told", () => {
    expect(usageOf("openai-images", { data: [{}, {}] })).toMatchObject({ inputTokens: 0, units: { output_images: 2 } });
    const usage = { input_tokens: 50, input_tokens_details: { text_tokens: 10, image_tokens: 40 }, output_tokens: 90, total_tokens: 140 };
    expect(usageOf("openai-images", { data: [{}], usage })).toMatchObject({ inputTokens: 50, inputImageTokens: 40, outputTokens: 90 });
  });

  it("of a realtime turn are told apart, cached ones too", () => {
    const details = { text_tokens: 20, audio_tokens: 80, cached_tokens: 50, cached_tokens_details: { text_tokens: 10, audio_tokens: 40 } };
    const usage = {
      input_tokens: 100,
      input_token_details: details,
      output_tokens: 60,
      output_token_details: { audio_tokens: 45, text_tokens: 15 },
    };
    expect(usageOf("openai-realtime", { type: "response.done", response: { usage } })).toMatchObject({
      inputTokens: 100,
      inputAudioTokens: 80,
      cacheReadTokens: 50,
      cacheAudioReadTokens: 40,
      outputAudioTokens: 45,
    });
  });
});

describe("counts that only the total shows", () => {
  it("are output: Gemini's OpenAI-compatible endpoint does not name its thoughts", () => {
    const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 95 };
    expect(usageOf("openai-chat", { usage })).toMatchObject({ inputTokens: 10, outputTokens: 85, reasoningTokens: 80 });
  });

  it("are audio, billed by the second, where Mistral says so", () => {
    const usage = { prompt_audio_seconds: 203, prompt_tokens: 4, completion_tokens: 635, total_tokens: 1267 };
    expect(usageOf("openai-chat", { usage })).toMatchObject({ inputTokens: 4, outputTokens: 635, units: { input_audio_ms: 203_000 } });
  });

  it("of a response with xAI's tools are searches in posts, and tools that nobody shows are unknown", () => {
    const usage = { input_tokens: 1, output_tokens: 1, num_server_side_tools_used: 3 };
    expect(extractUsage("openai-responses", { usage })).toMatchObject({ unknownCounts: { "usage.num_server_side_tools_used": 3 } });
    const ran = {
      web_search_calls: 1,
      x_search_calls: 2,
      file_search_calls: 3,
      document_search_calls: 4,
      code_interpreter_calls: 5,
      mcp_calls: 6,
    };
    const told = { ...usage, server_side_tool_usage_details: ran, context_details: { input_tokens: 1, output_tokens: 1 } };
    const reading = extractUsage("openai-responses", { usage: told, output: [{ type: "file_search_call" }] });
    const units = { social_searches: 2, storage_searches: 7, code_executions: 5 };
    expect(reading).toMatchObject({ usage: { webSearches: 1, units }, unknownCounts: undefined, billedApart: [] });
    const drawn = { ...usage, server_side_tool_usage_details: { image_generation_calls: 1 } };
    const path = "usage.server_side_tool_usage_details.image_generation_calls";
    expect(extractUsage("openai-responses", { usage: drawn })).toMatchObject({ unknownCounts: { [path]: 1 } });
  });
});
