import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterEach, describe, expect, it } from "vitest";
import { usd } from "../core/money/usd.ts";
import { call, type LeverKit, openLeverKit } from "./lever-test-kit.ts";

let lever: LeverKit;
afterEach(() => lever.close());

const LADDER = { models: { small: "gpt-4o-mini", medium: "gpt-4.1", large: "gpt-4o" }, useCases: [] };
const CLAUDES = { models: { small: "claude-haiku-4-5", large: "claude-opus-4-8" }, useCases: [] };

async function open(options: Parameters<typeof openLeverKit>[0] = {}, models: string[] = []) {
  lever = await openLeverKit({ ...options, settings: { ladders: [LADDER, CLAUDES], ...options.settings } });
  const { secret } = await lever.kit.key({ tenant: "acme", use_case: "desk" }, { models });
  return {
    secret,
    ask: (body: object | string, headers: Record<string, string> = {}, path?: string) => call(lever.kit, secret, body, headers, path),
    openai: new OpenAI({ baseURL: `${lever.kit.url}/v1`, apiKey: secret, maxRetries: 0 }),
    anthropic: new Anthropic({ baseURL: lever.kit.url, apiKey: secret, maxRetries: 0 }),
  };
}

const chat = (content: string, more: object = {}) => ({ model: "gpt-4o", max_tokens: 400, messages: [{ role: "user", content }], ...more });
const HARD = "Explain why, prove it and compare the designs step by step: `f(x) = x ^ 2`, 3 * 4, how many? ```x```";

/** Nothing is booked above its hold, and nothing stays held. */
async function booksAreRight(calls: number) {
  const traces = await lever.kit.settled(calls);
  for (const trace of traces) expect(usd(trace.unit_cost_usd ?? "0")).toBeLessThanOrEqual(usd(trace.held_usd ?? "0"));
  expect(lever.kit.log.filter(({ level }) => level === "error")).toEqual([]);
  return traces;
}

describe("without a lever turned", () => {
  it("a call goes out byte for byte, and its trace says nothing of levers but its size", async () => {
    const { ask } = await open();
    const body = JSON.stringify(chat("Please  note that this is a test,  please."));
    expect((await ask(body)).headers.get("x-ballast-levers")).toBe("");
    expect(lever.sent.at(-1)!.text).toBe(body);
    const [trace] = await booksAreRight(1);
    expect([trace!.model_size, trace!.complexity, trace!.levers, trace!.holdout]).toEqual(["large", undefined, undefined, undefined]);
  });

  it("a lever of another use case, provider or model turns nothing", async () => {
    const { ask } = await open();
    for (const subject of ["use_case:search", "provider:other", "model:gpt-4.1"]) {
      lever.turn(subject, { small_model_share: 100, response_cap_tokens: 100, "feature_freeze/large_model": 1, prompt_compression: 1 });
    }
    const body = JSON.stringify(chat("Hello"));
    await ask(body);
    expect(lever.sent.at(-1)!.text).toBe(body);
  });
});

describe("small_model_share", () => {
  it("sends calls to the small model at its price, with a smaller hold, and says so", async () => {
    const { ask } = await open();
    await ask(chat("Hello"));
    lever.turn("use_case:desk", { small_model_share: 100 });
    const answer = await ask(chat("Hello"));
    expect([answer.headers.get("x-ballast-model"), answer.headers.get("x-ballast-levers")]).toEqual([
      "gpt-4o-mini",
      "small_model_share=100",
    ]);
    const [before, after] = await booksAreRight(2);
    expect(after).toMatchObject({
      requested_model: "gpt-4o",
      model_id: "gpt-4o-mini",
      model_size: "small",
      levers: ["small_model_share=100"],
    });
    expect(after!.complexity).toBeLessThan(0.4);
    expect(usd(after!.held_usd!)).toBeLessThan(usd(before!.held_usd!));
    expect(usd(after!.unit_cost_usd!)).toBeLessThan(usd(before!.unit_cost_usd!));
  });

  it("holds its share, gives the small model the simple calls, medium the middling and large the hard ones", async () => {
    const { ask } = await open();
    lever.turn("use_case:desk", { small_model_share: 50 });
    for (let turn = 0; turn < 60; turn++) await ask(chat(turn % 2 === 0 ? "Hello" : HARD));
    const traces = await booksAreRight(60);
    const sizes = (from: number) =>
      traces
        .slice(20)
        .filter((_, at) => at % 2 === from)
        .map(({ model_size }) => model_size);
    expect(sizes(0).filter((size) => size === "small").length).toBeGreaterThanOrEqual(18);
    expect(sizes(1).filter((size) => size === "large").length).toBeGreaterThanOrEqual(18);
    const small = traces.filter(({ model_size }) => model_size === "small").length;
    expect(Math.abs(small - 30)).toBeLessThanOrEqual(5);
  });

  it("sends personal data to medium at the least, and leaves p0, and what a smaller model may not take, where it was sent", async () => {
    const { ask } = await open();
    lever.turn("use_case:desk", { small_model_share: 100 });
    const sentTo = async (more: object, headers: Record<string, string> = {}) =>
      (await ask(chat("Hello", more), headers)).headers.get("x-ballast-model");
    for (const said of ["true", "True", " TRUE", "1", "yes", "personal"])
      expect(await sentTo({}, { "x-ballast-pii": said })).toBe("gpt-4.1");
    for (const said of ["false", "False", "0", "no", ""]) expect(await sentTo({}, { "x-ballast-pii": said })).toBe("gpt-4o-mini");
    expect(await sentTo({}, { "x-ballast-priority": "p0" })).toBe("gpt-4o");
    expect(await sentTo({ verbosity: "low" })).toBe("gpt-4o");
    expect(await sentTo({ max_tokens: 100_000 })).toBe("gpt-4o");
    const image = [{ role: "user", content: [{ type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } }] }];
    expect(await sentTo({ messages: image })).toBe("gpt-4o");
    expect(await sentTo({ model: "gpt-5.4" })).toBe("gpt-5.4");
    await booksAreRight(16);
  });

  it("never sends a call where it could cost more, whatever the ladder says", async () => {
    const { ask } = await open({ settings: { ladders: [{ models: { small: "gpt-4o", large: "gpt-4o-mini" }, useCases: [] }] } });
    lever.turn("use_case:desk", { small_model_share: 100, "feature_freeze/large_model": 0 });
    expect((await ask(chat("Hello", { model: "gpt-4o-mini" }))).headers.get("x-ballast-model")).toBe("gpt-4o-mini");
  });

  it("stays where it was sent when the key does not allow the small model", async () => {
    const { ask } = await open({}, ["gpt-4o"]);
    lever.turn("use_case:desk", { small_model_share: 100 });
    expect((await ask(chat("Hello"))).headers.get("x-ballast-model")).toBe("gpt-4o");
  });

  it("works with the official SDKs, streams included", async () => {
    const { openai, anthropic } = await open();
    lever.turn("use_case:desk", { small_model_share: 100, response_cap_tokens: 100, prompt_compression: 1 });
    const stream = await openai.chat.completions.create({ ...chat("Hello"), messages: [{ role: "user", content: "Hello" }], stream: true });
    expect((await Array.fromAsync(stream)).length).toBeGreaterThan(2);
    const message = await anthropic.messages.create({
      model: "claude-opus-4-8",
      max_tokens: 400,
      messages: [{ role: "user", content: "Hello" }],
    });
    expect(message.model).toBe("claude-haiku-4-5");
    const answer = await openai.responses.create({ model: "gpt-4o", input: "Hello" });
    expect(answer.model).toContain("gpt-4o-mini");
    const traces = await booksAreRight(3);
    for (const { levers } of traces) expect(levers).toEqual(["small_model_share=100", "response_cap_tokens=100"]);
  });
});

describe("the frozen large model", () => {
  it("gives its calls to medium, also of p0 and of personal data, and leaves the others alone", async () => {
    const { ask } = await open();
    lever.turn("use_case:desk", { "feature_freeze/large_model": 1 });
    for (const headers of [{}, { "x-ballast-priority": "p0" }, { "x-ballast-pii": "true" }] as Record<string, string>[]) {
      const answer = await ask(chat("Hello"), headers);
      expect([answer.headers.get("x-ballast-model"), answer.headers.get("x-ballast-levers")]).toEqual([
        "gpt-4.1",
        "feature_freeze/large_model=1",
      ]);
    }
    expect((await ask(chat("Hello", { model: "gpt-4.1" }))).headers.get("x-ballast-levers")).toBe("");
    await booksAreRight(4);
  });

  it("holds by whatever name the large model is asked for, and stays with the provider that was named", async () => {
    const routes = [{ model: "writer", targets: [{ provider: "sim", model: "gpt-4o" }] }];
    const { ask } = await open({ routes });
    lever.turn("use_case:desk", { "feature_freeze/large_model": 1 });
    for (const model of ["sim/gpt-4o", "writer"]) {
      const answer = await ask(chat("Hello", { model }));
      expect([model, answer.headers.get("x-ballast-model")]).toEqual([model, "gpt-4.1"]);
    }
    const [named, routed] = await booksAreRight(2);
    expect([named!.requested_model, named!.model_size, routed!.model_size]).toEqual(["sim/gpt-4o", "medium", "medium"]);
    const { secret } = await lever.kit.key({ tenant: "acme", use_case: "desk" }, { models: ["sim/*"] });
    expect((await call(lever.kit, secret, chat("Hello", { model: "sim/gpt-4o" }))).headers.get("x-ballast-model")).toBe("gpt-4.1");
    const { secret: only } = await lever.kit.key({ tenant: "acme", use_case: "desk" }, { models: ["sim/gpt-4o"] });
    expect((await call(lever.kit, only, chat("Hello", { model: "sim/gpt-4o" }))).status).toBe(403);
  });

  it("refuses what no smaller model can take, says whose policy it is and since when, and holds nothing", async () => {
    const { ask } = await open({}, ["gpt-4o", "claude-opus-4-8"]);
    lever.turn("use_case:desk", { "feature_freeze/large_model": 1 });
    const answer = await ask(chat("Hello"));
    const { error } = JSON.parse(answer.text) as { error: { code: string; ballast: object } };
    expect([answer.status, error.code, answer.headers.get("x-should-retry")]).toEqual([403, "model_frozen", "false"]);
    expect(error.ballast).toMatchObject({
      frozen_by: ["use_case:desk"],
      thresholds_reached: ["spend_slo.yaml 100%"],
      since: "2026-11-21T10:00:00.000Z",
    });
    expect(lever.sent).toHaveLength(0);
    const [trace] = await lever.kit.settled(1);
    expect(trace).toMatchObject({
      outcome: "rejected",
      error_code: "model_frozen",
      status_code: 403,
      levers: ["feature_freeze/large_model=1"],
    });
    expect([trace!.held_usd, trace!.unit_cost_usd, lever.kit.desk.openHolds()]).toEqual(["0", "0", 0]);
  });
});

describe("response_cap_tokens", () => {
  it("asks for a short answer after the last words, caps it, and holds less; the bytes before stay as they were", async () => {
    const { ask } = await open();
    const body = JSON.stringify(
      chat('Tell me about  tides. Ünïcode \\u00e9 [[sim {"out":300}]]', { model: "gpt-4o-mini", max_tokens: 4000 }),
    );
    await ask(body);
    lever.turn("use_case:desk", { response_cap_tokens: 100 });
    const answer = await ask(body);
    expect(answer.headers.get("x-ballast-levers")).toBe("response_cap_tokens=100");
    const sent = lever.sent.at(-1)!.text;
    const end = body.indexOf('"}]');
    expect(sent.slice(0, end).replace('"max_tokens":100', '"max_tokens":4000')).toContain(body.slice(body.indexOf('"messages"'), end));
    expect(sent).toContain('\\n\\n(Answer in at most 50 words, in the language of this message.)"}]');
    expect(lever.lastSent().max_tokens).toBe(100);
    const [before, after] = await booksAreRight(2);
    expect([before!.gen_tokens, after!.gen_tokens]).toEqual([300, 100]);
    expect(usd(after!.held_usd!)).toBeLessThan(usd(before!.held_usd!));
  });

  it("puts the wish into a part of its own behind a cache mark, in Anthropic's dialect and with parts", async () => {
    const { anthropic } = await open();
    lever.turn("use_case:desk", { response_cap_tokens: 100 });
    const content = [{ type: "text" as const, text: "Tell me about tides.", cache_control: { type: "ephemeral" as const } }];
    await anthropic.messages.create({ model: "claude-haiku-4-5", max_tokens: 400, messages: [{ role: "user", content }] });
    expect(lever.lastSent()).toMatchObject({
      max_tokens: 100,
      messages: [{ content: [content[0], { type: "text", text: expect.stringContaining("50 words") }] }],
    });
    await booksAreRight(1);
  });

  it.each([
    ["tools", { tools: [{ type: "function", function: { name: "f", parameters: {} } }] }],
    ["a form", { response_format: { type: "json_object" } }],
    ["a smaller limit of its own", { max_tokens: 80 }],
    ["a model that thinks", { model: "gpt-5.4" }],
  ])("leaves a call with %s as it is", async (_, more) => {
    const { ask } = await open();
    lever.turn("use_case:desk", { response_cap_tokens: 100 });
    const body = JSON.stringify(chat("Hello", { model: "gpt-4o-mini", ...more }));
    expect((await ask(body)).headers.get("x-ballast-levers")).toBe("");
    expect(lever.sent.at(-1)!.text).toBe(body);
  });
});

describe("a route of several models", () => {
  const to = (...models: string[]) => ({ model: "desk-model", targets: models.map((model) => ({ provider: "sim", model })) });

  it("is turned by a lever of the model that it stands for", async () => {
    const { ask } = await open({ routes: [to("gpt-4o-mini")] });
    lever.turn("model:gpt-4o-mini", { response_cap_tokens: 100 });
    expect((await ask(chat("Hello", { model: "desk-model" }))).headers.get("x-ballast-levers")).toBe("response_cap_tokens=100");
    await booksAreRight(1);
  });

  it("is not capped when one of its models thinks, nor is a call that a budget sends to such a model", async () => {
    const { ask } = await open({
      routes: [to("gpt-4o-mini", "o3")],
      limitUsd: "0.02",
      budget: { onShort: "fallback_model", fallbackModel: "gpt-5.4-nano" },
    });
    lever.turn("use_case:desk", { response_cap_tokens: 100 });
    const body = JSON.stringify(chat("Hello", { model: "desk-model" }));
    expect((await ask(body)).headers.get("x-ballast-levers")).toBe("");
    expect(lever.lastSent().max_tokens).toBe(400);
    const eased = await ask(chat(`Hello ${"word ".repeat(2500)}`, { model: "gpt-4o" }));
    expect([eased.headers.get("x-ballast-model"), lever.lastSent().max_tokens]).toEqual(["gpt-5.4-nano", 400]);
    await lever.kit.settled(2);
  });
});

describe("prompt_compression", () => {
  const LONG = `Could you please tell the team what this is for,  and  what they have to do with it?\n\n\n\n${"It is important to note that the plan of the team, um, is this. ".repeat(4)}`;

  it("sends the last turn tighter, and instructions, answers and earlier turns as they came", async () => {
    const { ask } = await open();
    lever.turn("use_case:desk", { prompt_compression: 1 });
    const messages = [
      { role: "system", content: LONG },
      { role: "user", content: LONG },
      { role: "assistant", content: LONG },
      { role: "user", content: LONG },
    ];
    const answer = await ask({ ...chat(""), messages });
    expect(answer.headers.get("x-ballast-levers")).toBe("prompt_compression=1");
    const sent = lever.lastSent().messages as typeof messages;
    expect(sent.slice(0, 3)).toEqual(messages.slice(0, 3));
    expect(sent[3]!.content.length).toBeLessThan(LONG.length);
    await booksAreRight(1);
  });

  it("sends what went out compressed in the same form again, so that the conversation's bytes only grow", async () => {
    const { ask } = await open();
    const messages: { role: string; content: string }[] = [{ role: "user", content: `First. ${LONG}` }];
    const sentPrompts: string[] = [];
    const send = async () => {
      await ask({ ...chat(""), messages });
      sentPrompts.push(JSON.stringify(lever.lastSent().messages).slice(0, -1));
    };
    // The first turn goes out before the lever is turned: it is never compressed afterwards.
    await send();
    lever.turn("use_case:desk", { prompt_compression: 1 });
    for (let turn = 2; turn < 6; turn++) {
      messages.push({ role: "assistant", content: `Answer ${turn}.` }, { role: "user", content: `Turn ${turn}. ${LONG}` });
      await send();
    }
    for (let turn = 1; turn < sentPrompts.length; turn++) expect(sentPrompts[turn]!.startsWith(sentPrompts[turn - 1]!)).toBe(true);
    expect(sentPrompts.at(-1)!.length).toBeLessThan(JSON.stringify(messages).length);
    await booksAreRight(5);
  });

  it("touches nothing before the last cache mark", async () => {
    const { anthropic } = await open();
    lever.turn("use_case:desk", { prompt_compression: 1 });
    const marked = {
      role: "user" as const,
      content: [{ type: "text" as const, text: LONG, cache_control: { type: "ephemeral" as const } }],
    };
    const messages = [marked, { role: "assistant" as const, content: "Yes." }, { role: "user" as const, content: LONG }];
    await anthropic.messages.create({ model: "claude-haiku-4-5", max_tokens: 400, messages });
    const sent = lever.lastSent().messages as typeof messages;
    expect(sent.slice(0, 2)).toEqual(messages.slice(0, 2));
    expect((sent[2]!.content as string).length).toBeLessThan(LONG.length);
    await anthropic.messages.create({ model: "claude-haiku-4-5", max_tokens: 400, messages: [marked] });
    expect(lever.lastSent().messages).toEqual([marked]);
  });

  it("reads and rewrites large bodies away from the event loop, with the same form", async () => {
    const { ask } = await open();
    lever.turn("use_case:desk", { prompt_compression: 1, response_cap_tokens: 100 });
    const answer = await ask(chat(`${LONG}\n\n${"Every  word of this   is said for the team and for you. ".repeat(4000)}`));
    expect([answer.status, answer.headers.get("x-ballast-levers")]).toEqual([200, "response_cap_tokens=100,prompt_compression=1"]);
    const [{ content }] = lever.lastSent().messages as [{ content: string }];
    expect(content).not.toContain("  ");
    expect(content.endsWith("(Answer in at most 50 words, in the language of this message.)")).toBe(true);
    await booksAreRight(1);
  });
});

describe("batch_deferral", () => {
  const deferred = { serviceTier: "flex", headersTimeoutMs: 600_000 };
  const flexible = (content: string) => chat(content, { model: "o3" });
  const P2 = { "x-ballast-priority": "p2" };

  it("sends p2 calls in the cheaper tier and books its price", async () => {
    const { ask } = await open({ provider: { deferred } });
    const body = { ...flexible('Hello [[sim {"out":100}]]'), max_tokens: undefined, max_completion_tokens: 400 };
    await ask(body, P2);
    lever.turn("use_case:desk", { batch_deferral: 1 });
    const answer = await ask(body, P2);
    expect([answer.status, answer.headers.get("x-ballast-levers"), lever.lastSent().service_tier]).toEqual([
      200,
      "batch_deferral=1",
      "flex",
    ]);
    const [before, after] = await booksAreRight(2);
    expect(after).toMatchObject({ service_tier: "flex" });
    expect(usd(after!.unit_cost_usd!) * 2n).toBe(usd(before!.unit_cost_usd!));
    for (const priority of ["p0", "p1"]) {
      await ask(body, { "x-ballast-priority": priority });
      expect(lever.lastSent().service_tier).toBeUndefined();
    }
  });

  it("sends the call again at the usual price when the tier has no room", async () => {
    const { ask } = await open({ provider: { deferred, retries: 0 }, refusesTier: true });
    lever.turn("use_case:desk", { batch_deferral: 1 });
    expect((await ask(flexible("Hello"), P2)).status).toBe(200);
    expect(lever.sent.map(({ text }) => (JSON.parse(text) as { service_tier?: string }).service_tier)).toEqual(["flex", undefined]);
    const [trace] = await booksAreRight(1);
    expect([trace!.service_tier, trace!.attempts]).toEqual(["default", 2]);
  });

  it("tells a caller who can wait to come back where there is no such tier, and leaves the others alone", async () => {
    const { ask } = await open();
    lever.turn("use_case:desk", { batch_deferral: 1 });
    const told = await ask(chat("Hello"), { ...P2, "x-ballast-defer": "true" });
    expect([told.status, told.headers.get("retry-after"), told.headers.get("x-should-retry")]).toEqual([503, "900", "false"]);
    expect(told.text).toContain("call_deferred");
    expect(told.headers.get("x-ballast-levers")).toBe("batch_deferral=1");
    for (const headers of [P2, { "x-ballast-defer": "true" }] as Record<string, string>[]) {
      const answer = await ask(chat("Hello"), headers);
      expect([answer.status, answer.headers.get("x-ballast-levers")]).toEqual([200, ""]);
    }
    expect(lever.sent).toHaveLength(2);
  });
});

describe("the holdout", () => {
  it("is left alone by all levers but the freeze, and the rest is not", async () => {
    const { ask } = await open({ settings: { holdoutShare: 0.5, ladders: [LADDER] } });
    lever.turn("use_case:desk", { small_model_share: 100, response_cap_tokens: 100 });
    for (let turn = 0; turn < 40; turn++) await ask(chat("Hello"));
    const traces = await booksAreRight(40);
    const heldOut = traces.filter(({ holdout }) => holdout);
    expect(heldOut.length).toBeGreaterThan(8);
    expect(heldOut.length).toBeLessThan(32);
    for (const trace of traces) {
      expect([trace.model_id, trace.levers]).toEqual(trace.holdout ? ["gpt-4o", undefined] : ["gpt-4o-mini", expect.anything()]);
      expect(trace.complexity).toBeLessThan(0.4);
    }
    lever.turn("use_case:desk", { "feature_freeze/large_model": 1 });
    for (let turn = 0; turn < 10; turn++) expect((await ask(chat("Hello"))).headers.get("x-ballast-model")).toBe("gpt-4.1");
  });

  it("has no calls without a use case", async () => {
    await open({ settings: { holdoutShare: 1, ladders: [LADDER] } });
    const { secret } = await lever.kit.key({ tenant: "acme" });
    await call(lever.kit, secret, chat("Hello"));
    const [trace] = await lever.kit.settled(1);
    expect(trace!.holdout).toBeUndefined();
  });
});
