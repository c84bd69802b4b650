import { describe, expect, it } from "vitest";
import { extractUsage } from "./extract-usage.ts";
import type { Usage, UsageDialect } from "./usage.ts";

function measured(dialect: UsageDialect, body: Record<string, unknown>): Usage {
  const reading = extractUsage(dialect, body);
  if (reading.outcome !== "measured") throw new Error(`${reading.reason} ${reading.detail}`);
  return reading.usage;
}

describe("extractUsage", () => {
  it("reads OpenAI's details as parts of the totals", () => {
    const usage = {
      ...{ prompt_tokens: 100, completion_tokens: 50, total_tokens: 150 },
      prompt_tokens_details: { cached_tokens: 60, audio_tokens: 10, image_tokens: 5 },
      completion_tokens_details: { reasoning_tokens: 20, audio_tokens: 8 },
    };
    expect(measured("openai-chat", { usage })).toMatchObject({
      ...{ inputTokens: 100, cacheReadTokens: 60, inputAudioTokens: 10, inputImageTokens: 5 },
      ...{ outputTokens: 50, reasoningTokens: 20, outputAudioTokens: 8 },
    });
  });

  it("adds reasoning that xAI leaves out of its completion tokens, as its total shows", () => {
    const usage = { prompt_tokens: 12, completion_tokens: 2, total_tokens: 354, completion_tokens_details: { reasoning_tokens: 340 } };
    expect(measured("openai-chat", { usage })).toMatchObject({ outputTokens: 342, reasoningTokens: 340 });
  });

  it("believes a total that leaves no room for reasoning outside, even where reasoning is a token too many", () => {
    const usage = { prompt_tokens: 43, completion_tokens: 10, total_tokens: 53, completion_tokens_details: { reasoning_tokens: 11 } };
    expect(measured("openai-chat", { usage })).toMatchObject({ outputTokens: 10, reasoningTokens: 10 });
  });

  it("adds what Perplexity bills beside its completion tokens", () => {
    const usage = {
      prompt_tokens: 33,
      completion_tokens: 7163,
      total_tokens: 7196,
      citation_tokens: 20016,
      num_search_queries: 18,
      reasoning_tokens: 73997,
    };
    expect(measured("openai-chat", { usage })).toMatchObject({
      outputTokens: 101_176,
      reasoningTokens: 73_997,
      citationTokens: 20_016,
      webSearches: 18,
    });
  });

  it("reads cached tokens wherever a provider puts them", () => {
    const totals = { prompt_tokens: 100, completion_tokens: 1 };
    for (const cached of [{ prompt_cache_hit_tokens: 64 }, { cached_tokens: 64 }, { prompt_tokens_details: { cached_tokens: 64 } }]) {
      expect(measured("openai-chat", { usage: { ...totals, ...cached } }).cacheReadTokens).toBe(64);
    }
  });

  it("reads Groq's usage of a stream's last chunk", () => {
    expect(measured("openai-chat", { x_groq: { usage: { prompt_tokens: 3, completion_tokens: 4 } } })).toMatchObject({
      inputTokens: 3,
      outputTokens: 4,
    });
  });

  it("counts cached tokens into Anthropic's input, and cache writes by their lifetime", () => {
    const usage = {
      ...{ input_tokens: 6, cache_creation_input_tokens: 574, cache_read_input_tokens: 20_443, output_tokens: 489 },
      cache_creation: { ephemeral_5m_input_tokens: 500, ephemeral_1h_input_tokens: 74 },
      server_tool_use: { web_search_requests: 2 },
    };
    expect(measured("anthropic-messages", { usage })).toMatchObject({
      ...{ inputTokens: 21_023, cacheReadTokens: 20_443, cacheWriteTokens: 574, cacheWrite5mTokens: 500, cacheWrite1hTokens: 74 },
      ...{ outputTokens: 489, webSearches: 2 },
    });
  });

  it("adds Anthropic's compaction, and tells of an adviser, who has prices of his own", () => {
    const iterations = [
      { type: "compaction", input_tokens: 1_000, output_tokens: 100 },
      { type: "message", input_tokens: 10, output_tokens: 5 },
      { type: "advisor_message", model: "claude-opus-4-7", input_tokens: 70, output_tokens: 7 },
    ];
    const reading = extractUsage("anthropic-messages", { usage: { input_tokens: 10, output_tokens: 5, iterations } });
    expect(reading).toMatchObject({ usage: { inputTokens: 1_010, outputTokens: 105 }, billedApart: ["advisor_message"] });
  });

  it("names the model that answered in place of the one that was asked", () => {
    const iterations = [{ type: "fallback_message", model: "other", input_tokens: 1, output_tokens: 1 }];
    expect(extractUsage("anthropic-messages", { model: "asked", usage: { input_tokens: 1, output_tokens: 1, iterations } })).toMatchObject({
      model: "other",
    });
  });

  it("tells the service tier, and what has a price like one", () => {
    const usage = { input_tokens: 1, output_tokens: 1, service_tier: "standard" };
    expect(extractUsage("anthropic-messages", { usage })).toMatchObject({ serviceTier: "standard" });
    expect(extractUsage("anthropic-messages", { usage: { ...usage, speed: "fast" } })).toMatchObject({ serviceTier: "fast" });
    expect(extractUsage("anthropic-messages", { usage: { ...usage, inference_geo: "us" } })).toMatchObject({ serviceTier: "geo-us" });
    expect(extractUsage("openai-responses", { usage, service_tier: "flex" })).toMatchObject({ serviceTier: "flex" });
  });

  it("counts a response's searches, and tells of calls that are billed apart", () => {
    const output = [
      { type: "web_search_call", action: { type: "search" } },
      { type: "web_search_call", action: { type: "open_page" } },
      { type: "file_search_call" },
      { type: "code_interpreter_call" },
      { type: "code_interpreter_call" },
      { type: "message" },
    ];
    const reading = extractUsage("openai-responses", { usage: { input_tokens: 1, output_tokens: 1 }, output });
    expect(reading).toMatchObject({ usage: { webSearches: 1 }, billedApart: ["file_search_call", "code_interpreter_call"] });
  });

  it.each(["queued", "in_progress", "somehow"])("does not take the counts of a response that is %s for final", (status) => {
    const body = { status, usage: { input_tokens: 0, output_tokens: 0 } };
    expect(extractUsage("openai-responses", body)).toMatchObject({ outcome: "missing", reason: "not_final", atLeast: { inputTokens: 0 } });
    expect(extractUsage("openai-responses", { status, usage: null })).toEqual({ outcome: "missing", reason: "not_final", detail: status });
    for (const done of ["completed", "incomplete", "failed", "cancelled", null]) {
      expect(extractUsage("openai-responses", { ...body, status: done })).toMatchObject({ outcome: "measured" });
    }
  });

  it("tells Anthropic's fast mode inside the United States apart, which has both surcharges", () => {
    const usage = { input_tokens: 1, output_tokens: 1, speed: "fast", inference_geo: "us" };
    expect(extractUsage("anthropic-messages", { usage })).toMatchObject({ serviceTier: "fast-geo-us" });
  });

  it("takes zero for a value", () => {
    expect(measured("openai-chat", { usage: { prompt_tokens: 0, completion_tokens: 0 } })).toMatchObject({
      inputTokens: 0,
      outputTokens: 0,
    });
  });

  it.each([
    ["no body", null, "no_usage"],
    ["a text", "usage", "no_usage"],
    ["no usage", { id: "x" }, "no_usage"],
    ["usage of null", { usage: null }, "no_usage"],
    ["an error", { error: { code: "overloaded" } }, "provider_error"],
    ["an absent count", { usage: { completion_tokens: 1 } }, "malformed_usage"],
    ["a null count", { usage: { prompt_tokens: 1, completion_tokens: null } }, "malformed_usage"],
    ["a negative count", { usage: { prompt_tokens: -1, completion_tokens: 1 } }, "malformed_usage"],
    ["a fraction", { usage: { prompt_tokens: 1.5, completion_tokens: 1 } }, "malformed_usage"],
    ["a text for a count", { usage: { prompt_tokens: "1", completion_tokens: 1 } }, "malformed_usage"],
    ["not a number", { usage: { prompt_tokens: Number.NaN, completion_tokens: 1 } }, "malformed_usage"],
    ["a count that is not exact", { usage: { prompt_tokens: 2 ** 53, completion_tokens: 1 } }, "malformed_usage"],
    ["more cached tokens than tokens", { usage: { prompt_tokens: 1, completion_tokens: 1, cached_tokens: 2 } }, "malformed_usage"],
    [
      "a malformed detail",
      { usage: { prompt_tokens: 1, completion_tokens: 1, prompt_tokens_details: { cached_tokens: "1" } } },
      "malformed_usage",
    ],
  ])("calls usage missing, and says why, of %s", (_, body, reason) => {
    expect(extractUsage("openai-chat", body)).toMatchObject({ outcome: "missing", reason });
  });

  it.each([
    ["openai-responses", { input_tokens: 1 }],
    ["anthropic-messages", { input_tokens: 1 }],
    [
      "anthropic-messages",
      { input_tokens: 1, output_tokens: 1, cache_creation_input_tokens: 5, cache_creation: { ephemeral_1h_input_tokens: 6 } },
    ],
    ["openai-embeddings", {}],
  ] as const)("requires the counts of %s that make the cost", (dialect, usage) => {
    expect(extractUsage(dialect, { usage })).toMatchObject({ outcome: "missing", reason: "malformed_usage" });
  });
});
