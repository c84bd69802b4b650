import { request } from "node:http";
import OpenAI from "openai";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { startSim } from "./sim-server.ts";

const sim = await startSim();
const openai = new OpenAI({ apiKey: "any", baseURL: `${sim.url}/v1`, maxRetries: 0 });

beforeEach(() => sim.reset());
afterAll(() => sim.close());

const says = (content: string) => ({ model: "gpt-4o", messages: [{ role: "user" as const, content }] });
const create = (content: string) => openai.chat.completions.create(says(content));
const stream = (content: string) =>
  openai.chat.completions.create({ ...says(content), stream: true, stream_options: { include_usage: true } });
const billed = () => sim.stats().billed.at(-1);

/** Reads a body as far as it comes. */
async function readUntilCut(content: string, streamed: boolean): Promise<{ status: number; text: string; cut: boolean }> {
  return new Promise((resolve) => {
    const call = request(`${sim.url}/v1/chat/completions`, { method: "POST" }, (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("close", () => resolve({ status: response.statusCode!, text, cut: !response.complete }));
      response.on("error", () => {});
    });
    call.on("error", () => resolve({ status: 0, text: "", cut: true }));
    call.end(JSON.stringify({ ...says(content), stream: streamed }));
  });
}

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 500 && !condition(); turn++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(condition()).toBe(true);
}

const piecesOf = (text: string) => text.split("\n\n").filter((frame) => /"content":"[^"]/.test(frame)).length;

describe("directed usage", () => {
  it("overrides the prompt tokens", async () => {
    expect((await create('hi [[sim {"in":100000,"out":1,"cached":900}]]')).usage).toMatchObject({
      prompt_tokens: 100_000,
      prompt_tokens_details: { cached_tokens: 900 },
    });
  });

  it("can be missing, while the bill has it", async () => {
    expect((await create('hi [[sim {"out":5,"no_usage":true}]]')).usage).toBeUndefined();
    const chunks = await Array.fromAsync(await stream('hi [[sim {"out":5,"no_usage":true}]]'));
    expect(chunks.every((chunk) => chunk.usage === null)).toBe(true);
    expect(billed()).toMatchObject({ inputTokens: 1, outputTokens: 5 });
  });

  it("can be any object, which is then billed", async () => {
    const answer = await create('hi [[sim {"out":5,"usage":{"prompt_tokens":70,"completion_tokens":8,"extra":null}}]]');
    expect(answer.usage).toEqual({ prompt_tokens: 70, completion_tokens: 8, extra: null });
    expect(billed()).toMatchObject({ inputTokens: 70, outputTokens: 8 });
  });
});

describe("faults", () => {
  it("fail_times fails the first attempts of one id, then answers", async () => {
    const attempt = () =>
      create('[[sim {"fail_times":2,"id":"a","status":503,"out":1}]]').then(
        () => "ok",
        (error) => error.status,
      );
    expect([await attempt(), await attempt(), await attempt(), await attempt()]).toEqual([503, 503, "ok", "ok"]);
    const other = await create('[[sim {"fail_times":1,"id":"b"}]]').catch((error) => error);
    expect(other.status).toBe(500);
    expect(sim.stats().outputTokens).toBe(2);
  });

  it("fail_times also repeats other faults", async () => {
    const directive = '[[sim {"fail_times":1,"id":"c","drop_after":0}]]';
    await expect(create(directive)).rejects.toThrow(OpenAI.APIConnectionError);
    await create(directive);
  });

  it("the SDK's own retry gets through", async () => {
    const patient = new OpenAI({ apiKey: "any", baseURL: `${sim.url}/v1`, maxRetries: 2 });
    const answer = await patient.chat.completions.create(says('[[sim {"fail_times":1,"id":"d","status":429,"retry_after":0.01,"out":2}]]'));
    expect(answer.usage!.completion_tokens).toBe(2);
  });

  it.each([true, false])("drop_after 0 cuts the connection before the head (stream: %s)", async (streamed) => {
    expect(await readUntilCut('hi [[sim {"drop_after":0}]]', streamed)).toEqual({ status: 0, text: "", cut: true });
    expect(billed()).toMatchObject({ outcome: "dropped", status: 0, inputTokens: 1, outputTokens: 0 });
  });

  it("drop_after n sends n tokens of a stream, then cuts", async () => {
    const read = await readUntilCut('hi [[sim {"out":20,"drop_after":7}]]', true);
    expect(read).toMatchObject({ status: 200, cut: true });
    expect(piecesOf(read.text)).toBe(7);
    expect(billed()).toMatchObject({ outcome: "dropped", status: 200, outputTokens: 7 });
  });

  it("drop_after n cuts a whole answer in its body", async () => {
    const read = await readUntilCut('hi [[sim {"out":20,"drop_after":7}]]', false);
    expect(read).toMatchObject({ status: 200, cut: true });
    expect(billed()).toMatchObject({ outcome: "dropped", outputTokens: 7 });
  });

  it("malformed is no JSON, and ends the stream half way", async () => {
    const whole = await readUntilCut('hi [[sim {"out":20,"malformed":true}]]', false);
    expect(whole.cut).toBe(false);
    expect(() => JSON.parse(whole.text)).toThrow();
    expect(billed()).toMatchObject({ outcome: "malformed", outputTokens: 20 });
    const streamed = await readUntilCut('hi [[sim {"out":20,"malformed":true}]]', true);
    expect(piecesOf(streamed.text)).toBe(10);
    expect(streamed.text).not.toContain("[DONE]");
    expect(() => JSON.parse(streamed.text.trimEnd().split("data: ").at(-1)!)).toThrow();
    expect(billed()).toMatchObject({ outcome: "malformed", outputTokens: 10 });
  });

  it("error_after says an error in the stream, and is a 500 without one", async () => {
    const chunks: string[] = [];
    const failure = await (async () => {
      for await (const chunk of await stream('[[sim {"out":9,"error_after":4}]]')) chunks.push(chunk.choices[0]!.delta.content!);
    })().catch((error) => error);
    expect(failure).toBeInstanceOf(OpenAI.APIError);
    expect(chunks.join("").trim().split(" ")).toHaveLength(4);
    expect(await create('[[sim {"out":9,"error_after":4}]]').catch((error) => error.status)).toBe(500);
    expect(sim.stats().outputTokens).toBe(4);
  });

  it.each([true, false])("hang takes the request and never answers (stream: %s)", async (streamed) => {
    const call = openai.chat.completions.create({ ...says('hi [[sim {"hang":true}]]'), stream: streamed }, { timeout: 150 });
    await expect(call).rejects.toThrow(OpenAI.APIConnectionTimeoutError);
    await until(() => sim.stats().open === 0);
    expect(billed()).toMatchObject({ outcome: "client_gone", status: 0, inputTokens: 1, outputTokens: 0 });
  });

  it("stall_after n sends n tokens, then is silent until its reader leaves", async () => {
    const answer = await stream('hi [[sim {"out":20,"stall_after":5}]]');
    let read = 0;
    setTimeout(() => answer.controller.abort(), 200);
    for await (const chunk of answer) if (chunk.choices[0]?.delta.content) read++;
    expect(read).toBe(5);
    await until(() => sim.stats().open === 0);
    expect(billed()).toMatchObject({ outcome: "client_gone", status: 200, outputTokens: 5 });
  });
});

describe("a client that leaves", () => {
  it("stops a paced stream and is billed what was produced by then", async () => {
    const answer = await stream('hi [[sim {"out":1000,"tokens_per_s":200}]]');
    let read = 0;
    for await (const chunk of answer) {
      if (chunk.choices[0]?.delta.content) read++;
      if (read === 10) break;
    }
    await until(() => sim.stats().open === 0);
    expect(billed()).toMatchObject({ outcome: "client_gone", status: 200, inputTokens: 1 });
    expect(billed()!.outputTokens).toBeGreaterThanOrEqual(10);
    expect(billed()!.outputTokens).toBeLessThan(200);
  });

  it("stops a stream that is as fast as its reader", async () => {
    const answer = await stream('hi [[sim {"out":5000000}]]');
    for await (const chunk of answer) if (chunk.choices[0]?.delta.content) break;
    await until(() => sim.stats().open === 0);
    expect(billed()!.outputTokens).toBeGreaterThan(0);
    expect(billed()!.outputTokens).toBeLessThan(5_000_000);
  });

  it("before a whole answer is billed by the time it waited", async () => {
    const call = openai.chat.completions.create(says('hi [[sim {"out":1000,"ttft_ms":100,"tokens_per_s":100}]]'), { timeout: 300 });
    await expect(call).rejects.toThrow(OpenAI.APIConnectionTimeoutError);
    await until(() => sim.stats().open === 0);
    expect(billed()).toMatchObject({ outcome: "client_gone", status: 0 });
    expect(billed()!.outputTokens).toBeGreaterThan(5);
    expect(billed()!.outputTokens).toBeLessThan(100);
  });

  it("before the first token is billed its prompt", async () => {
    const timed = openai.chat.completions.create({ ...says('hi you [[sim {"ttft_ms":5000}]]'), stream: true }, { timeout: 100 });
    await expect(timed).rejects.toThrow(OpenAI.APIConnectionTimeoutError);
    await until(() => sim.stats().requests === 1);
    expect(billed()).toMatchObject({ outcome: "client_gone", status: 0, inputTokens: 2, outputTokens: 0 });
  });
});

describe("pacing", () => {
  it("waits for the first token, then says the rest at its speed", async () => {
    const started = performance.now();
    const chunks = await Array.fromAsync(await stream('hi [[sim {"out":21,"ttft_ms":100,"tokens_per_s":100}]]'));
    const tookMs = performance.now() - started;
    expect(chunks.filter((chunk) => chunk.choices[0]?.delta.content).length).toBe(21);
    expect(tookMs).toBeGreaterThanOrEqual(295);
    expect(tookMs).toBeLessThan(2000);
  });
});
