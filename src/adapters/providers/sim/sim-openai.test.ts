import OpenAI from "openai";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { startSim } from "./sim-server.ts";

const sim = await startSim({ requireKey: "sk-right" });
const openai = new OpenAI({ apiKey: "sk-right", baseURL: `${sim.url}/v1`, maxRetries: 0 });
const model = "gpt-4o-mini";
const weather = {
  type: "function" as const,
  function: {
    name: "get_weather",
    description: "Current weather",
    parameters: { type: "object", properties: { unit: { enum: ["C", "F"] }, city: { type: "string" } }, required: ["city", "unit"] },
  },
};

beforeEach(() => sim.reset());
afterAll(() => sim.close());

const says = (content: string) => ({ model, messages: [{ role: "user" as const, content }] });
const wordsIn = (text: string | null | undefined) => (text ?? "").split(/\s+/).filter((word) => word !== "").length;

describe("chat completions", () => {
  it("answers with as many words as it bills output tokens, and counts the words of all messages and tools", async () => {
    const { data, request_id } = await openai.chat.completions
      .create({
        model,
        messages: [
          { role: "system", content: "Be brief." },
          { role: "user", content: [{ type: "text", text: "How are\nyou   today?" }] },
        ],
        tools: [weather],
      })
      .withResponse();
    expect(data.object).toBe("chat.completion");
    expect(data.usage).toMatchObject({ prompt_tokens: 8, completion_tokens: 50, total_tokens: 58 });
    expect(wordsIn(data.choices[0]!.message.content)).toBe(50);
    expect(data.choices[0]!.finish_reason).toBe("stop");
    expect(request_id).toMatch(/^req_/);
    expect(sim.stats().billed).toEqual([
      {
        requestId: request_id,
        responseId: data.id,
        endpoint: "chat",
        model,
        stream: false,
        status: 200,
        outcome: "complete",
        inputTokens: 8,
        cachedTokens: 0,
        cacheWriteTokens: 0,
        outputTokens: 50,
      },
    ]);
  });

  it("cuts the answer at the token limit", async () => {
    const limited = await openai.chat.completions.create({ ...says("hello"), max_completion_tokens: 3 });
    expect(limited.choices[0]!.finish_reason).toBe("length");
    expect(wordsIn(limited.choices[0]!.message.content)).toBe(3);
    expect(limited.usage!.completion_tokens).toBe(3);
    const old = await openai.chat.completions.create({ ...says("hello"), max_tokens: 50 });
    expect(old.choices[0]!.finish_reason).toBe("stop");
  });

  it("gives and bills every choice", async () => {
    const answer = await openai.chat.completions.create({ ...says('[[sim {"out":7}]]'), n: 3 });
    expect(answer.choices.map((choice) => [choice.index, wordsIn(choice.message.content)])).toEqual([
      [0, 7],
      [1, 7],
      [2, 7],
    ]);
    expect(answer.usage!.completion_tokens).toBe(21);
  });

  it("streams the same text piece by piece, with usage in a last chunk without choices when asked", async () => {
    const stream = await openai.chat.completions.create({
      ...says('one two [[sim {"text":"Grüße an alle, \\"wirklich\\" 👍 alle.","cached":1}]]'),
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await Array.fromAsync(stream);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe('Grüße an alle, "wirklich" 👍 alle.');
    expect(chunks[0]!.choices[0]!.delta).toEqual({ role: "assistant", content: "", refusal: null });
    expect(chunks.at(-2)!.choices[0]).toMatchObject({ delta: {}, finish_reason: "stop" });
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 2, completion_tokens: 6, prompt_tokens_details: { cached_tokens: 1 } },
    });
    expect(new Set(chunks.map((chunk) => chunk.id)).size).toBe(1);
  });

  it("says nothing about usage in a stream that did not ask", async () => {
    const chunks = await Array.fromAsync(await openai.chat.completions.create({ ...says("hi"), stream: true }));
    expect(chunks.some((chunk) => "usage" in chunk || chunk.choices.length === 0)).toBe(false);
  });

  it("streams several choices that the SDK puts together", async () => {
    const runner = openai.chat.completions.stream({ ...says('[[sim {"out":4}]]'), n: 2, stream_options: { include_usage: true } });
    const answer = await runner.finalChatCompletion();
    expect(answer.choices.map((choice) => wordsIn(choice.message.content))).toEqual([4, 4]);
    expect((await runner.totalUsage()).completion_tokens).toBe(8);
  });

  it("calls a tool that it has to call, with arguments that fit, streamed or not", async () => {
    const ask = { ...says('weather? [[sim {"out":3}]]'), tools: [weather], tool_choice: "required" as const };
    const answer = await openai.chat.completions.create(ask);
    const call = answer.choices[0]!.message.tool_calls![0]!;
    expect(answer.choices[0]).toMatchObject({ finish_reason: "tool_calls", message: { content: null } });
    expect(call).toMatchObject({ type: "function", function: { name: "get_weather" } });
    const sent = JSON.parse(call.type === "function" ? call.function.arguments : "");
    expect(sent).toEqual({ city: expect.any(String), unit: "C" });
    expect(wordsIn(sent.city)).toBe(3);
    const streamed = await openai.chat.completions.stream(ask).finalChatCompletion();
    const again = streamed.choices[0]!.message.tool_calls![0]!;
    expect(JSON.parse(again.type === "function" ? again.function.arguments : "")).toEqual({ city: expect.any(String), unit: "C" });
    expect(streamed.choices[0]!.finish_reason).toBe("tool_calls");
  });

  it("only talks when tools are there but not asked for, and calls one that a directive names", async () => {
    const free = await openai.chat.completions.create({ ...says("hi"), tools: [weather] });
    expect(free.choices[0]!.message.tool_calls).toBeUndefined();
    const directed = await openai.chat.completions.create({ ...says('hi [[sim {"tool":"get_weather"}]]'), tools: [weather] });
    expect(directed.choices[0]!.finish_reason).toBe("tool_calls");
  });
});

describe("text completions", () => {
  it("answers each prompt, whole and streamed", async () => {
    const whole = await openai.completions.create({ model, prompt: ["a b", "c"], max_tokens: 5 });
    expect(whole.choices.map((choice) => [choice.index, wordsIn(choice.text), choice.finish_reason])).toEqual([
      [0, 5, "length"],
      [1, 5, "length"],
    ]);
    expect(whole.usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 10 });
    const chunks = await Array.fromAsync(await openai.completions.create({ model, prompt: '[[sim {"out":4}]]', stream: true }));
    expect(wordsIn(chunks.map((chunk) => chunk.choices[0]?.text ?? "").join(""))).toBe(4);
  });
});

describe("responses", () => {
  it("answers with output text and usage", async () => {
    const answer = await openai.responses.create({
      model,
      instructions: "Be brief.",
      input: 'Hello there [[sim {"out":9,"reasoning":4,"cached":2}]]',
    });
    expect(answer).toMatchObject({ object: "response", status: "completed", incomplete_details: null, instructions: "Be brief." });
    expect(wordsIn(answer.output_text)).toBe(5);
    expect(answer.usage).toEqual({
      input_tokens: 4,
      input_tokens_details: { cached_tokens: 2 },
      output_tokens: 9,
      output_tokens_details: { reasoning_tokens: 4 },
      total_tokens: 13,
    });
  });

  it("is incomplete at the token limit", async () => {
    const answer = await openai.responses.create({ model, input: [{ role: "user", content: "hi" }], max_output_tokens: 16 });
    expect(answer).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
      usage: { output_tokens: 16 },
    });
  });

  it("streams numbered events that the SDK puts together to the same answer", async () => {
    const events = await Array.fromAsync(await openai.responses.create({ model, input: 'hi [[sim {"out":3}]]', stream: true }));
    expect(events.map((event) => event.type)).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.delta",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ]);
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index));
    const final = await openai.responses.stream({ model, input: 'hi [[sim {"text":"All is well."}]]' }).finalResponse();
    expect(final.output_text).toBe("All is well.");
    expect(final.usage).toMatchObject({ input_tokens: 1, output_tokens: 3 });
  });

  it("calls a tool, streamed or not", async () => {
    const ask = {
      model,
      input: "weather?",
      tools: [{ type: "function" as const, strict: false, ...weather.function }],
      tool_choice: { type: "function" as const, name: "get_weather" },
    };
    const whole = await openai.responses.create(ask);
    const final = await openai.responses.stream(ask).finalResponse();
    for (const answer of [whole, final]) {
      const call = answer.output[0]!;
      expect(call).toMatchObject({ type: "function_call", name: "get_weather", status: "completed" });
      expect(JSON.parse(call.type === "function_call" ? call.arguments : "")).toMatchObject({ unit: "C" });
    }
  });
});

describe("embeddings", () => {
  it("gives the same unit vector for the same text in both encodings, and near ones for texts that share words", async () => {
    const input = ["cancel my order please", "please cancel my order now", "what is the weather like"];
    const packed = await openai.embeddings.create({ model: "text-embedding-3-small", input });
    const plain = await openai.embeddings.create({ model: "text-embedding-3-small", input, encoding_format: "float" });
    expect(packed.usage).toEqual({ prompt_tokens: 14, total_tokens: 14 });
    expect(packed.data.map((row) => row.embedding)).toEqual(plain.data.map((row) => row.embedding));
    const [a, b, c] = packed.data.map((row) => row.embedding) as [number[], number[], number[]];
    const cosine = (x: number[], y: number[]) => x.reduce((sum, value, at) => sum + value * y[at]!, 0);
    expect(a.length).toBe(1536);
    expect(cosine(a, a)).toBeCloseTo(1, 5);
    expect(cosine(a, b)).toBeGreaterThan(0.6);
    expect(cosine(a, c)).toBeLessThan(0.3);
  });

  it("takes token numbers and a number of dimensions", async () => {
    const answer = await openai.embeddings.create({ model: "text-embedding-3-large", input: [[1, 2, 3], [4]], dimensions: 256 });
    expect(answer.usage.prompt_tokens).toBe(4);
    expect(answer.data[1]!.embedding.length).toBe(256);
    expect(sim.stats().billed[0]).toMatchObject({ endpoint: "embeddings", responseId: null, inputTokens: 4, outputTokens: 0 });
  });
});

describe("models", () => {
  it("lists them, and shows one", async () => {
    const names = (await Array.fromAsync(openai.models.list())).map((one) => one.id);
    expect(names).toContain("gpt-4o");
    expect(await openai.models.retrieve("gpt-4o")).toMatchObject({ id: "gpt-4o", object: "model" });
    await expect(openai.models.retrieve("gpt-0")).rejects.toThrow(OpenAI.NotFoundError);
  });
});

describe("refusals", () => {
  const raw = (path: string, body: unknown, headers: Record<string, string> = { authorization: "Bearer sk-right" }) =>
    fetch(`${sim.url}${path}`, { method: "POST", headers, body: typeof body === "string" ? body : JSON.stringify(body) });

  it("refuses a missing and a wrong key", async () => {
    expect((await raw("/v1/chat/completions", says("hi"), {})).status).toBe(401);
    const wrong = new OpenAI({ apiKey: "sk-wrong", baseURL: `${sim.url}/v1`, maxRetries: 0 });
    await expect(wrong.chat.completions.create(says("hi"))).rejects.toThrow(OpenAI.AuthenticationError);
  });

  it.each([
    ["/v1/chat/completions", { messages: [] }, "you must provide a model parameter"],
    ["/v1/chat/completions", { model }, "Missing required parameter: 'messages'."],
    ["/v1/chat/completions", { model, messages: [] }, "empty array"],
    ["/v1/chat/completions", { ...says("a"), max_tokens: 0 }, "integer below minimum value"],
    ["/v1/chat/completions", { ...says("a"), max_tokens: 5, max_completion_tokens: 5 }, "at the same time"],
    ["/v1/chat/completions", { ...says("a"), stream_options: { include_usage: true } }, "only allowed when 'stream' is enabled"],
    ["/v1/chat/completions", { ...says("a"), tool_choice: "required" }, "only allowed when 'tools' are specified"],
    ["/v1/responses", { model }, "Missing required parameter: 'input'."],
    ["/v1/responses", { model, input: "a", max_output_tokens: 15 }, "Expected a value >= 16"],
    ["/v1/embeddings", { model, input: [] }, "empty array"],
    ["/v1/chat/completions", "{", "could not parse the JSON"],
    ["/v1/chat/completions", says("[[sim {out:1}]]"), "not JSON"],
    ["/v1/chat/completions", says('[[sim {"output":1}]]'), "has no output"],
    ["/v1/chat/completions", says('[[sim {"out":-1}]]'), "cannot be -1"],
  ])("%s %j is a 400 that says: %s", async (path, body, message) => {
    const answer = await raw(path, body);
    expect(answer.status).toBe(400);
    const { error } = (await answer.json()) as { error: { message: string; type: string } };
    expect(error.message).toContain(message);
    expect(error).toMatchObject({ type: "invalid_request_error" });
    expect(sim.stats().billed.at(-1)).toMatchObject({ status: 400, outcome: "refused", inputTokens: 0 });
  });

  it("knows no other address and no other method", async () => {
    expect((await raw("/v1/chats", {})).status).toBe(404);
    expect((await fetch(`${sim.url}/v1/responses`)).status).toBe(405);
  });

  it.each([
    [400, OpenAI.BadRequestError],
    [401, OpenAI.AuthenticationError],
    [404, OpenAI.NotFoundError],
    [429, OpenAI.RateLimitError],
    [500, OpenAI.InternalServerError],
    [503, OpenAI.InternalServerError],
  ])("a directed %i is the SDK's own error", async (status, kind) => {
    const failure = await openai.chat.completions.create(says(`[[sim {"status":${status},"retry_after":7}]]`)).catch((error) => error);
    expect(failure).toBeInstanceOf(kind);
    expect(failure.headers.get("retry-after")).toBe("7");
  });
});
