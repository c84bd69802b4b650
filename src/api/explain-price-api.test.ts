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
    [{ usage: {}, dialect: "openai-chat" }, "/usage"],
    [{ at: "soon" }, "/at"],
    [{ colour: 1 }, "/colour"],
  ])("refuses %j", async (changes, field) => {
    expect(await explain(changes)).toMatchObject({ status: 400, body: { code: "invalid_request", field } });
  });
});
