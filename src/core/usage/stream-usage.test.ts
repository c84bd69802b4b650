import { describe, expect, it } from "vitest";
import { createStreamUsage, mayCarryUsage } from "./stream-usage.ts";
import type { UsageDialect } from "./usage.ts";

function readAll(dialect: UsageDialect, events: readonly unknown[]) {
  const stream = createStreamUsage(dialect);
  for (const event of events) stream.read(event);
  return stream;
}

const start = (id: string, usage: Record<string, unknown>) => ({ type: "message_start", message: { id, model: "claude", usage } });
const delta = (usage: Record<string, unknown> | undefined, stop_reason: string | null = "end_turn") => ({
  type: "message_delta",
  delta: { stop_reason },
  usage,
});

describe("createStreamUsage for chat", () => {
  const finish = { id: "c1", model: "m", choices: [{ index: 0, delta: {}, finish_reason: "stop" }], usage: null };

  it("takes usage from the chunk without choices after the end", () => {
    const stream = readAll("openai-chat", [
      finish,
      { choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 }, service_tier: "default" },
    ]);
    expect(stream.reading()).toMatchObject({
      outcome: "measured",
      usage: { outputTokens: 2 },
      model: "m",
      responseId: "c1",
      serviceTier: "default",
    });
  });

  it("lets the last of growing counts win", () => {
    const chunk = (completion_tokens: number, finish_reason: string | null) => ({
      choices: [{ index: 0, finish_reason }],
      usage: { prompt_tokens: 9, completion_tokens },
    });
    const stream = readAll("openai-chat", [chunk(1, null), chunk(2, null)]);
    expect(stream.finished).toBe(false);
    expect(stream.reading()).toMatchObject({ outcome: "missing", reason: "unfinished", atLeast: { outputTokens: 2 } });
    stream.read(chunk(3, "stop"));
    expect(stream.reading()).toMatchObject({ outcome: "measured", usage: { outputTokens: 3 } });
  });

  it("takes usage from OpenRouter's chunk after the end, whose choice is empty", () => {
    const after = {
      choices: [{ index: 0, delta: { content: "" }, finish_reason: null }],
      usage: { prompt_tokens: 43, completion_tokens: 36 },
    };
    expect(readAll("openai-chat", [finish, after]).reading()).toMatchObject({ outcome: "measured", usage: { outputTokens: 36 } });
  });

  it("waits for all choices to finish", () => {
    const choice = (index: number, finish_reason: string | null) => ({ choices: [{ index, finish_reason, delta: {} }] });
    const stream = readAll("openai-chat", [choice(0, null), choice(1, null), choice(0, "stop")]);
    expect(stream.finished).toBe(false);
    stream.read(choice(1, "length"));
    expect(stream.finished).toBe(true);
    expect(stream.reading()).toEqual({ outcome: "missing", reason: "no_usage" });
  });

  it("tells of an error in the middle, with what was counted by then", () => {
    const stream = readAll("openai-chat", [
      { choices: [{ index: 0, finish_reason: null }], usage: { prompt_tokens: 5, completion_tokens: 1 } },
      { error: { code: "server_error", message: "sorry" } },
    ]);
    expect(stream.reading()).toMatchObject({
      outcome: "missing",
      reason: "provider_error",
      detail: "server_error",
      atLeast: { inputTokens: 5 },
    });
  });

  it("passes over what is no event", () => {
    for (const event of [null, 1, "[DONE]", [], {}, { choices: "x" }]) expect(readAll("openai-chat", [event]).finished).toBe(false);
  });
});

describe("createStreamUsage for responses", () => {
  it.each(["response.completed", "response.incomplete"])("takes usage from %s", (type) => {
    const stream = readAll("openai-responses", [
      { type: "response.created", response: { id: "r1", usage: null } },
      { type, response: { id: "r1", model: "m", usage: { input_tokens: 3, output_tokens: 4 } } },
    ]);
    expect(stream.reading()).toMatchObject({ outcome: "measured", usage: { inputTokens: 3, outputTokens: 4 }, responseId: "r1" });
  });

  it("tells why a failed response has no usage", () => {
    const stream = readAll("openai-responses", [{ type: "response.failed", response: { error: { code: "server_error" }, usage: null } }]);
    expect(stream.finished).toBe(true);
    expect(stream.reading()).toEqual({ outcome: "missing", reason: "provider_error", detail: "server_error" });
  });
});

describe("createStreamUsage for messages", () => {
  it("lets counts of the delta replace those of the start, field by field", () => {
    const stream = readAll("anthropic-messages", [
      start("a", { input_tokens: 43, cache_read_input_tokens: 7, output_tokens: 1 }),
      delta({ input_tokens: 61, output_tokens: 2, cache_read_input_tokens: null }),
    ]);
    expect(stream.reading()).toMatchObject({ outcome: "measured", usage: { inputTokens: 68, cacheReadTokens: 7, outputTokens: 2 } });
  });

  it("starts over at a second message_start", () => {
    const stream = readAll("anthropic-messages", [
      start("a", { input_tokens: 9, output_tokens: 1 }),
      delta({ output_tokens: 50 }),
      start("b", { input_tokens: 4, output_tokens: 1 }),
    ]);
    expect(stream.finished).toBe(false);
    stream.read(delta({ output_tokens: 65 }));
    expect(stream.reading()).toMatchObject({ usage: { inputTokens: 4, outputTokens: 65 }, responseId: "b" });
  });

  it("drops the split of cache writes when their total moves on without it", () => {
    const usage = { input_tokens: 1, output_tokens: 1, cache_creation_input_tokens: 10, cache_creation: { ephemeral_5m_input_tokens: 10 } };
    const stream = readAll("anthropic-messages", [start("a", usage), delta({ output_tokens: 5, cache_creation_input_tokens: 4 })]);
    expect(stream.reading()).toMatchObject({ usage: { cacheWriteTokens: 4, cacheWrite5mTokens: 0 } });
  });

  it("never takes the counts of the start alone for final", () => {
    const stream = readAll("anthropic-messages", [start("a", { input_tokens: 9, output_tokens: 1 }), { type: "message_stop" }]);
    expect(stream.reading()).toMatchObject({ outcome: "missing", reason: "unfinished", atLeast: { inputTokens: 9 } });
  });

  it("tells of an error in the middle", () => {
    const stream = readAll("anthropic-messages", [
      start("a", { input_tokens: 9, output_tokens: 1 }),
      { type: "error", error: { type: "overloaded_error" } },
    ]);
    expect(stream.reading()).toMatchObject({ outcome: "missing", reason: "provider_error", detail: "overloaded_error" });
  });
});

describe("mayCarryUsage", () => {
  const may = (dialect: UsageDialect, event: string) => mayCarryUsage(dialect, new TextEncoder().encode(event));

  it("passes over deltas, and over usage of null", () => {
    expect(may("openai-chat", '{"choices":[{"delta":{"content":"hi"},"finish_reason":null}],"usage":null}')).toBe(false);
    expect(may("openai-chat", '{"choices":[{"delta":{"content":"say \\"usage\\":1"},"finish_reason" : null}]}')).toBe(false);
    expect(may("openai-responses", '{"type":"response.output_text.delta","delta":"x"}')).toBe(false);
    expect(may("openai-responses", '{"type":"response.created","response":{"error":null,"usage":null}}')).toBe(false);
    expect(may("anthropic-messages", '{"type":"content_block_delta","delta":{"text":"x"}}')).toBe(false);
  });

  it("lets through what has usage, an end or an error", () => {
    expect(may("openai-chat", '{"usage": {"prompt_tokens":1}}')).toBe(true);
    expect(may("openai-chat", '{"usage":null,"x_groq":{"usage":{}}}')).toBe(true);
    expect(may("openai-chat", '{"choices":[{"finish_reason":"stop"}]}')).toBe(true);
    expect(may("openai-chat", '{"error":{"code":1}}')).toBe(true);
    expect(may("openai-responses", '{"type":"response.incomplete","response":{}}')).toBe(true);
    expect(may("openai-responses", '{"type":"error","error":{"code":"x"}}')).toBe(true);
    expect(may("anthropic-messages", '{"type": "message_delta"}')).toBe(true);
    expect(may("anthropic-messages", '{"type":"error","error":{}}')).toBe(true);
  });
});
