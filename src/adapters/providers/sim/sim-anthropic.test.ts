import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { startSim } from "./sim-server.ts";

const sim = await startSim({ requireKey: true });
const anthropic = new Anthropic({ apiKey: "sk-ant-any", baseURL: sim.url, maxRetries: 0 });
const model = "claude-sonnet-5";

beforeEach(() => sim.reset());
afterAll(() => sim.close());

const says = (content: string, max_tokens = 1000) => ({ model, max_tokens, messages: [{ role: "user" as const, content }] });
const wordsIn = (text: string) => text.split(/\s+/).filter((word) => word !== "").length;
const textOf = (message: Anthropic.Message) => message.content.map((block) => (block.type === "text" ? block.text : "")).join("");

describe("messages", () => {
  it("counts the words of system and messages, and takes cached ones out of input_tokens", async () => {
    const answer = await anthropic.messages.create({
      ...says('How are you today? [[sim {"out":12,"cached":2,"cache_write":1}]]'),
      system: [{ type: "text", text: "Be brief." }],
    });
    expect(answer).toMatchObject({ type: "message", role: "assistant", model, stop_reason: "end_turn", stop_sequence: null });
    expect(answer.usage).toMatchObject({ input_tokens: 3, cache_read_input_tokens: 2, cache_creation_input_tokens: 1, output_tokens: 12 });
    expect(wordsIn(textOf(answer))).toBe(12);
    expect(sim.stats().billed[0]).toMatchObject({
      requestId: answer._request_id,
      responseId: answer.id,
      inputTokens: 6,
      cachedTokens: 2,
      cacheWriteTokens: 1,
      outputTokens: 12,
    });
  });

  it("cuts the answer at max_tokens", async () => {
    const answer = await anthropic.messages.create(says("hi", 4));
    expect(answer.stop_reason).toBe("max_tokens");
    expect(wordsIn(textOf(answer))).toBe(4);
  });

  it("streams the documented sequence of events", async () => {
    const events = await Array.fromAsync(await anthropic.messages.create({ ...says('hi you [[sim {"out":2}]]'), stream: true }));
    expect(events.map((event) => event.type)).toEqual([
      "message_start",
      "content_block_start",
      "content_block_delta",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
    expect(events[0]).toMatchObject({ message: { content: [], stop_reason: null, usage: { input_tokens: 2, output_tokens: 1 } } });
    expect(events.at(-2)).toMatchObject({ delta: { stop_reason: "end_turn" }, usage: { output_tokens: 2 } });
  });

  it("streams to the same message that the SDK puts together", async () => {
    const message = await anthropic.messages.stream(says('hi [[sim {"text":"  Füür and\\nflame. "}]]')).finalMessage();
    expect(textOf(message)).toBe("  Füür and\nflame. ");
    expect(message.usage).toMatchObject({ input_tokens: 1, output_tokens: 3 });
  });

  it("calls a tool that it has to call, streamed or not", async () => {
    const ask = {
      ...says('weather? [[sim {"out":5}]]'),
      tools: [
        { name: "get_weather", input_schema: { type: "object" as const, properties: { city: { type: "string" } }, required: ["city"] } },
      ],
      tool_choice: { type: "any" as const },
    };
    const whole = await anthropic.messages.create(ask);
    const streamed = await anthropic.messages.stream(ask).finalMessage();
    for (const answer of [whole, streamed]) {
      expect(answer).toMatchObject({
        stop_reason: "tool_use",
        content: [{ type: "tool_use", name: "get_weather", input: { city: expect.any(String) } }],
      });
      expect(answer.usage.output_tokens).toBe(5);
    }
    const cut = await anthropic.messages.create({ ...ask, max_tokens: 2 });
    expect(cut).toMatchObject({ stop_reason: "max_tokens", content: [{ type: "tool_use", input: {} }] });
  });

  it("counts tokens without billing them, and lists models", async () => {
    expect(await anthropic.messages.countTokens({ model, messages: [{ role: "user", content: "one two three" }] })).toMatchObject({
      input_tokens: 3,
    });
    expect((await Array.fromAsync(anthropic.models.list())).map((one) => one.id)).toContain(model);
    expect(sim.stats()).toMatchObject({ inputTokens: 0, requests: 2 });
  });
});

describe("refusals", () => {
  const raw = (body: unknown, headers: Record<string, string>) =>
    fetch(`${sim.url}/v1/messages`, { method: "POST", headers, body: JSON.stringify(body) });

  it("wants a key and a version", async () => {
    const noKey = await raw(says("hi"), { "anthropic-version": "2023-06-01" });
    expect(noKey.status).toBe(401);
    expect(await noKey.json()).toMatchObject({
      type: "error",
      error: { type: "authentication_error" },
      request_id: noKey.headers.get("request-id"),
    });
    const noVersion = await raw(says("hi"), { "x-api-key": "k" });
    expect(noVersion.status).toBe(400);
  });

  it.each([
    [{ model, messages: [{ role: "user", content: "a" }] }, "max_tokens: Field required"],
    [{ max_tokens: 5, messages: [{ role: "user", content: "a" }] }, "model: Field required"],
    [{ model, max_tokens: 5 }, "messages: Field required"],
    [{ model, max_tokens: 0, messages: [{ role: "user", content: "a" }] }, "greater than or equal to 1"],
    [{ model, max_tokens: 5, messages: [{ role: "system", content: "a" }] }, "messages.0.role"],
  ])("%j is a 400 that says: %s", async (body, message) => {
    const failure = await anthropic.messages.create(body as never).catch((error) => error);
    expect(failure).toBeInstanceOf(Anthropic.BadRequestError);
    expect(failure.error).toMatchObject({
      type: "error",
      error: { type: "invalid_request_error", message: expect.stringContaining(message) },
    });
  });

  it.each([
    [429, Anthropic.RateLimitError, "rate_limit_error"],
    [500, Anthropic.InternalServerError, "api_error"],
    [529, Anthropic.InternalServerError, "overloaded_error"],
  ])("a directed %i is the SDK's own error", async (status, kind, type) => {
    const failure = await anthropic.messages.create(says(`[[sim {"status":${status}}]]`)).catch((error) => error);
    expect(failure).toBeInstanceOf(kind);
    expect(failure.error).toMatchObject({ error: { type } });
    expect(failure.headers.get("retry-after")).toBeNull();
  });

  it("breaks off in the middle of a stream with an error event", async () => {
    const failure = await anthropic.messages
      .stream(says('[[sim {"out":9,"error_after":4}]]'))
      .finalMessage()
      .catch((error) => error);
    expect(failure).toBeInstanceOf(Anthropic.APIError);
    expect(sim.stats().billed[0]).toMatchObject({ outcome: "errored", status: 200, outputTokens: 4 });
  });
});
