import { describe, expect, it } from "vitest";
import { testApi } from "./api-test-kit.ts";

const explain = async (changes: object) => {
  const { ask } = await testApi();
  const body = {
    provider: "anthropic",
    model: "sonnet",
    usage: { input_tokens: 1_000, cache_read_tokens: 400, output_tokens: 50 },
    ...changes,
  };
  return await ask("POST", "/api/v1/prices/explain", { body });
};

describe("POST /api/v1/prices/explain", () => {
  it("answers line by line, and the lines add up", async () => {
    const { status, body } = await explain({ at: "2025-11-01" });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      at: "2025-11-01T00:00:00.000Z",
      price_id: "override/anthropic/sonnet@start",
      source: "override",
      outcome: "priced",
    });
    expect(body.lines.map((line: { unit: string; count: number; amount_usd: string }) => [line.unit, line.count, line.amount_usd])).toEqual(
      [
        ["input", 600, "0.0018"],
        ["cacheRead", 400, "0.0012"],
        ["output", 50, "0.00075"],
      ],
    );
    expect([body.total_usd, body.booked_usd]).toEqual(["0.00375", "0.00375"]);
  });

  it("reads the usage of a provider's answer, whose counts mean what that provider means", async () => {
    const usage = { input_tokens: 600, cache_read_input_tokens: 400, output_tokens: 50 };
    expect((await explain({ usage, dialect: "anthropic-messages" })).body).toMatchObject({ total_usd: "0.00375" });
    const openai = { prompt_tokens: 1_000, completion_tokens: 50, total_tokens: 1_050, prompt_tokens_details: { cached_tokens: 400 } };
    expect((await explain({ usage: openai, dialect: "openai-chat" })).body).toMatchObject({ total_usd: "0.00375" });
  });

  it.each([
    ["openai-responses", { input_tokens: 1_000, input_tokens_details: { cached_tokens: 400 }, output_tokens: 50 }],
    ["openai-embeddings", { prompt_tokens: 1_000 }],
    ["openai-transcriptions", { type: "tokens", input_tokens: 1_000, output_tokens: 50 }],
    ["openai-images", { input_tokens: 1_000, output_tokens: 50 }],
    ["openai-realtime", { type: "response.done", response: { usage: { input_tokens: 1_000, output_tokens: 50 } } }],
    [
      "google-generate-content",
      { promptTokenCount: 1_000, cachedContentTokenCount: 400, candidatesTokenCount: 20, thoughtsTokenCount: 30 },
    ],
    ["google-generate-content", { usageMetadata: { promptTokenCount: 1_000, candidatesTokenCount: 50 }, modelVersion: "m" }],
    ["google-interactions", { total_input_tokens: 1_000, total_output_tokens: 20, total_thought_tokens: 30 }],
    ["bedrock-converse", { inputTokens: 600, cacheReadInputTokens: 400, outputTokens: 50 }],
    ["bedrock-invoke-model", { input_tokens: 600, cache_read_input_tokens: 400, output_tokens: 50 }],
    ["bedrock-invoke-model", { "amazon-bedrock-invocationMetrics": { inputTokenCount: 1_000, outputTokenCount: 50 } }],
    ["cohere", { billed_units: { input_tokens: 1_000, output_tokens: 50 } }],
    ["cohere", { meta: { billed_units: { input_tokens: 1_000, output_tokens: 50 } } }],
  ])("reads the usage of %s, bare or within its answer", async (dialect, usage) => {
    const { body } = await explain({ usage, dialect });
    const booked = dialect === "openai-embeddings" ? "0.003" : "0.00375";
    expect(body).toMatchObject({ outcome: "priced", booked_usd: booked, usage: { input_tokens: 1_000 } });
  });

  it("says which tier was served and what the provider says it cost, and prices the tier that was served", async () => {
    const usage = { input_tokens: 1_000, output_tokens: 50, service_tier: "priority" };
    const served = await explain({ usage, dialect: "anthropic-messages" });
    expect(served.body).toMatchObject({ outcome: "unpriced", reason: "no_price_for_variant: priority", service_tier: "priority" });
    const reported = { prompt_tokens: 1_000, completion_tokens: 50, cost: 0.00371 };
    const { body } = await explain({ usage: reported, dialect: "openai-chat" });
    expect(body).toMatchObject({ booked_usd: "0.00375", provider_cost_usd: "0.00371", service_tier: null });
  });

  it("calls a count that nobody reads unpriced, but for those that are configured to cost nothing", async () => {
    const usage = { prompt_tokens: 1_000, completion_tokens: 50 };
    const unknown = await explain({ usage: { ...usage, dance_steps: 1, robot_seconds: 2 }, dialect: "openai-chat" });
    expect(unknown.body).toMatchObject({ outcome: "unpriced", reason: "unknown_usage_unit: usage.robot_seconds", total_usd: null });
    expect((await explain({ usage: { ...usage, dance_steps: 1 }, dialect: "openai-chat" })).body).toMatchObject({ outcome: "priced" });
    const grounded = { usageMetadata: { promptTokenCount: 1 }, candidates: [{ groundingMetadata: { webSearchQueries: ["x"] } }] };
    const apart = await explain({ usage: grounded, dialect: "google-generate-content" });
    expect(apart.body).toMatchObject({ outcome: "unpriced", reason: "billed_apart: google_search" });
  });

  it("takes counts of other units too, and says which of them has no price", async () => {
    const { body } = await explain({ usage: { input_tokens: 1, rerank_searches: 3 } });
    expect(body).toMatchObject({ outcome: "unpriced", reason: "no_price_for_unit: rerank_searches", usage: { rerank_searches: 3 } });
  });

  it("says why a call has no price", async () => {
    expect((await explain({ model: "opus" })).body).toMatchObject({
      outcome: "unpriced",
      price_id: null,
      reason: "no_price",
      total_usd: null,
    });
    expect((await explain({ batch: true })).body).toMatchObject({ outcome: "unpriced", reason: "no_price_for_variant: batch", lines: [] });
  });

  it.each([
    [{ usage: { prompt_tokens: 1 } }, "/usage/prompt_tokens"],
    [{ usage: { input_tokens: -1 } }, "/usage/input_tokens"],
    [{ usage: { input_tokens: 1.5 } }, "/usage/input_tokens"],
    [{ usage: { seats: 1.5 } }, "/usage/seats"],
    [{ usage: { constructor: 1 } }, "/usage/constructor"],
    [{ usage: {}, dialect: "openai-chat" }, "/usage"],
    [{ usage: {}, dialect: "google-generate-content" }, "/usage"],
    [{ usage: { inputTokens: -1 }, dialect: "bedrock-converse" }, "/usage"],
    [{ at: "soon" }, "/at"],
    [{ colour: 1 }, "/colour"],
  ])("refuses %j", async (changes, field) => {
    expect(await explain(changes)).toMatchObject({ status: 400, body: { code: "invalid_request", field } });
  });
});
