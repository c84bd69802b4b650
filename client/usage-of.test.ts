import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sim, startSim } from "../src/adapters/providers/sim/sim-server.ts";
import { type TokenUsage, usageOf, usageOfStream } from "./usage-of.ts";

/* Answers of the official SDKs, from the simulated provider: three words in, and what its directive says out. */
const PROMPT = 'one two three [[sim {"out":40,"cached":1}]]';
const messages = [{ role: "user" as const, content: PROMPT }];
const EXPECTED = { promptTokens: 3, completionTokens: 40, cacheReadTokens: 1, cacheWriteTokens: 0 };

let sim: Sim;
let openai: OpenAI;
let anthropic: Anthropic;
beforeAll(async () => {
  sim = await startSim();
  openai = new OpenAI({ baseURL: `${sim.url}/v1`, apiKey: "sk-sim" });
  anthropic = new Anthropic({ baseURL: sim.url, apiKey: "sk-sim" });
});
afterAll(() => sim.close());

interface End {
  readonly usage: TokenUsage | undefined;
  readonly isComplete: boolean;
}

async function drain<Item>(items: AsyncIterable<Item>, most = Number.POSITIVE_INFINITY): Promise<{ count: number; ends: End[] }> {
  const ends: End[] = [];
  let count = 0;
  for await (const _ of usageOfStream(items, (usage, isComplete) => ends.push({ usage, isComplete }))) if (++count >= most) break;
  return { count, ends };
}

describe("usageOf", () => {
  it("reads what OpenAI's answers used", async () => {
    expect(usageOf(await openai.chat.completions.create({ model: "gpt-4o", messages }))).toEqual(EXPECTED);
    expect(usageOf(await openai.responses.create({ model: "gpt-4o", input: PROMPT }))).toEqual(EXPECTED);
    const embeddings = await openai.embeddings.create({ model: "text-embedding-3-small", input: "one two three" });
    expect(usageOf(embeddings)).toEqual({ promptTokens: 3, completionTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 });
  });

  it("reads what Anthropic's messages used, with what went through the prompt cache as part of the prompt", async () => {
    expect(usageOf(await anthropic.messages.create({ model: "claude-3-5-haiku", max_tokens: 100, messages }))).toEqual(EXPECTED);
    const usage = { input_tokens: 5, cache_read_input_tokens: 100, cache_creation_input_tokens: 20, output_tokens: 7 };
    expect(usageOf({ usage })).toEqual({ promptTokens: 125, completionTokens: 7, cacheReadTokens: 100, cacheWriteTokens: 20 });
  });

  it("knows nothing where nothing is told: an unknown cost is not 0", () => {
    for (const answer of [undefined, null, "text", {}, { usage: null }, { usage: {} }, { usage: { prompt_tokens: "3" } }]) {
      expect(usageOf(answer)).toBeUndefined();
    }
  });
});

describe("usageOfStream", () => {
  it("passes a stream on, and tells once what it used", async () => {
    const options = { stream: true, stream_options: { include_usage: true } } as const;
    const chat = await drain(await openai.chat.completions.create({ model: "gpt-4o", messages, ...options }));
    expect(chat.count).toBeGreaterThan(40);
    expect(chat.ends).toEqual([{ usage: EXPECTED, isComplete: true }]);
    const response = await drain(await openai.responses.create({ model: "gpt-4o", input: PROMPT, stream: true }));
    expect(response.ends).toEqual([{ usage: EXPECTED, isComplete: true }]);
    const call = { model: "claude-3-5-haiku", max_tokens: 100, messages };
    const message = await drain(await anthropic.messages.create({ ...call, stream: true }));
    expect(message.ends).toEqual([{ usage: EXPECTED, isComplete: true }]);
    expect((await drain(anthropic.messages.stream(call))).ends).toEqual([{ usage: EXPECTED, isComplete: true }]);
  });

  it("says when a stream told no usage, or was left before its end", async () => {
    const silent = await openai.chat.completions.create({ model: "gpt-4o", messages, stream: true });
    expect((await drain(silent)).ends).toEqual([{ usage: undefined, isComplete: true }]);
    const left = await anthropic.messages.create({ model: "claude-3-5-haiku", max_tokens: 100, messages, stream: true });
    expect((await drain(left, 5)).ends).toMatchObject([{ usage: { promptTokens: 3 }, isComplete: false }]);
  });

  it("tells what was used until a stream broke, and lets the error through", async () => {
    const broken = [{ role: "user" as const, content: 'one two three [[sim {"out":40,"error_after":10}]]' }];
    const stream = await anthropic.messages.create({ model: "claude-3-5-haiku", max_tokens: 100, messages: broken, stream: true });
    const ends: End[] = [];
    const read = async () => {
      for await (const _ of usageOfStream(stream, (usage, isComplete) => ends.push({ usage, isComplete })));
    };
    await expect(read()).rejects.toThrow();
    expect(ends).toMatchObject([{ usage: { promptTokens: 3 }, isComplete: false }]);
  });
});
