import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { formatUsd } from "../core/money/usd.ts";
import { chatBody, type GatewayKit, type KitOptions, openGatewayKit } from "./gateway-test-kit.ts";

/* What a call may cost is known before it is sent, or it is not sent; and what is not known afterwards is in doubt. */
let kit: GatewayKit;
let upstream: Server | undefined;
let secret: string;
let sentBodies: Record<string, unknown>[] = [];
afterEach(async () => {
  await kit.close();
  upstream?.closeAllConnections();
  upstream?.close();
  upstream = undefined;
});

async function open(options: KitOptions = {}) {
  kit = await openGatewayKit(options);
  ({ secret } = await kit.key());
}

function call(body: object | string, headers: Record<string, string> = {}, path = "/v1/chat/completions") {
  const all = { authorization: `Bearer ${secret}`, "content-type": "application/json", ...headers };
  return fetch(kit.url + path, { method: "POST", headers: all, body: typeof body === "string" ? body : JSON.stringify(body) });
}

interface Refusal {
  error: { code: string; message: string; ballast: Record<string, string> };
}
const told = async (answer: Response) => ((await answer.json()) as Refusal).error;

/** A provider that gives every call the same answer, and remembers what it was sent. */
async function openUpstream(status: number, type: string, body: string, options: KitOptions = {}) {
  const seen: IncomingHttpHeaders[] = [];
  sentBodies = [];
  upstream = createServer((request, response) => {
    seen.push(request.headers);
    let sent = "";
    request.on("data", (piece: Buffer) => {
      sent += piece.toString();
    });
    request.on("end", () => sentBodies.push(JSON.parse(sent) as Record<string, unknown>));
    request.on("end", () => response.writeHead(status, { "content-type": type }).end(body));
  });
  await new Promise<void>((resolve) => upstream!.listen(0, "127.0.0.1", resolve));
  await open({ ...options, upstreamUrl: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}` });
  return seen;
}

const CHAT = { model: "gpt-4o-mini", max_tokens: 200, messages: [{ role: "user", content: "hi" }] };
const CHAT_ANSWER = { id: "c", model: "gpt-4o-mini", choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } };

describe("a call that nothing bounds", () => {
  it("is refused before anything is held, and names the field", async () => {
    await open();
    const answer = await call({ model: "gpt-4o-mini", input: [{ id: "msg_1" }] }, {}, "/v1/responses");
    expect(answer.status).toBe(400);
    expect(await told(answer)).toMatchObject({ code: "input_not_bounded", ballast: { field: "input.id", detail: "stored_context" } });
    expect(kit.sim.stats().requests).toBe(0);
  });

  it("is let through at a context window where the operator says so, unless another model may answer", async () => {
    await open({ settings: { unboundedInput: "hold_context_window" } });
    expect(
      (
        await call(
          {
            model: "gpt-4o-mini",
            input: [
              { id: "msg_1", role: "user" },
              { role: "user", content: "hi" },
            ],
          },
          {},
          "/v1/responses",
        )
      ).status,
    ).toBe(200);
    const answer = await call({ ...CHAT, models: ["gpt-4o", "gpt-4o-mini"] });
    expect([answer.status, (await told(answer)).ballast.detail]).toEqual([400, "other_model"]);
  });

  it("is refused by the name its provider knows the model by, whatever the caller calls it", async () => {
    await open({ routes: [{ model: "search", targets: [{ provider: "sim", model: "gpt-4o-search-preview" }] }] });
    const answer = await call({ ...CHAT, model: "search" });
    expect([answer.status, await told(answer)]).toMatchObject([400, { code: "input_not_bounded", ballast: { field: "model" } }]);
  });
});

describe("what is billed beyond the output's limit", () => {
  it("is held: a thinking budget, and a prediction that may not come true", async () => {
    await open();
    await call(CHAT);
    await call({ ...CHAT, thinking_budget: 1000 });
    await call({ ...CHAT, prediction: { type: "content", content: "x".repeat(1000) } });
    const [plain, thinking, predicted] = (await kit.settled(3)).map((trace) => Number(trace.held_usd));
    // gpt-4o-mini's output costs 0.6 USD per million tokens, at most 1 as a priority call.
    expect(thinking! - plain!).toBeGreaterThan(1000 * 0.6e-6);
    expect(predicted! - plain!).toBeGreaterThan(1000 * 0.6e-6);
  });

  it.each([
    ["max_completion_tokens", { max_completion_tokens: 70 }, { max_completion_tokens: 70, max_tokens: 70 }],
    ["a max_tokens of null", { max_tokens: null, max_completion_tokens: 70 }, { max_completion_tokens: 70, max_tokens: 70 }],
    ["max_tokens", { max_tokens: 70 }, { max_completion_tokens: undefined, max_tokens: 70 }],
  ])("has a limit where a provider that knows only max_tokens looks for it: given %s", async (_what, given, sent) => {
    await openUpstream(200, "application/json", JSON.stringify(CHAT_ANSWER), { provider: { maxTokensField: "max_tokens" } });
    await call({ ...CHAT, max_tokens: undefined, ...given });
    expect({ max_completion_tokens: undefined, ...sentBodies[0] }).toMatchObject(sent);
  });

  it("stays held when max_tokens is lowered to what the budget carries", async () => {
    await open({ limitUsd: "0.0025", budget: { onShort: "fit" } });
    const answer = await call({ ...JSON.parse(chatBody({ out: 2000 }, { max_tokens: 2000 })), thinking_budget: 500 });
    expect(answer.status).toBe(200);
    const lowered = Number(answer.headers.get("x-ballast-max-tokens"));
    expect(lowered).toBeGreaterThan(15);
    expect(lowered).toBeLessThan(2000);
    const [trace] = await kit.settled(1);
    expect(Number(trace!.held_usd)).toBeGreaterThanOrEqual((lowered + 500) * 0.6e-6);
  });
});

describe("a call with audio", () => {
  const spoken = (model: string) => ({
    ...{ model, max_tokens: 50, modalities: ["text", "audio"], audio: { voice: "alloy", format: "mp3" } },
    messages: [{ role: "user", content: [{ type: "input_audio", input_audio: { data: "AAAA", format: "mp3" } }] }],
  });

  it("is held at the price of audio", async () => {
    const usage = {
      prompt_tokens: 20,
      completion_tokens: 10,
      prompt_tokens_details: { audio_tokens: 10 },
      completion_tokens_details: { audio_tokens: 10 },
    };
    await openUpstream(200, "application/json", JSON.stringify({ ...CHAT_ANSWER, usage }));
    expect((await call(spoken("gpt-4o-audio-preview"))).status).toBe(200);
    const [trace] = await kit.settled(1);
    // 10 tokens of text in at 2.5, 10 of audio in at 40, 10 of audio out at 80 USD per million.
    expect(trace!.unit_cost_usd).toBe("0.001225");
    expect(Number(trace!.held_usd)).toBeGreaterThan(50 * 80e-6);
  });

  it("is refused where only text has a price, and is told which price is missing", async () => {
    await open();
    const answer = await call(spoken("gpt-4o-mini"));
    expect(answer.status).toBe(402);
    const error = await told(answer);
    expect([error.code, error.ballast.detail]).toEqual(["model_not_priced", "input_audio_mtok"]);
    expect(error.message).toContain("audio of gpt-4o-mini (input_audio_mtok)");
    expect(kit.sim.stats().requests).toBe(0);
  });

  it("that nobody expected is unpriced, not booked as text", async () => {
    const usage = { prompt_tokens: 20, completion_tokens: 10, prompt_tokens_details: { audio_tokens: 10 } };
    await openUpstream(200, "application/json", JSON.stringify({ ...CHAT_ANSWER, usage }));
    await call(CHAT);
    const [trace] = await kit.settled(1);
    expect(trace).toMatchObject({ cost_basis: "unpriced", unit_cost_usd: null });
    expect(formatUsd((await kit.account()).inDoubtNano)).toBe(trace!.held_usd);
  });
});

describe("an answer that is not the end of its call", () => {
  const response = (status: string, usage: object | null) => ({
    id: "resp_1",
    object: "response",
    status,
    model: "gpt-4o-mini",
    output: [],
    usage,
  });
  const nothing = { input_tokens: 0, output_tokens: 0, total_tokens: 0 };

  it.each([
    ["queued", 200, "application/json", JSON.stringify(response("queued", null))],
    ["in progress", 200, "application/json", JSON.stringify(response("in_progress", nothing))],
    ["accepted", 202, "application/json", JSON.stringify(response("completed", nothing))],
    [
      "queued, in a stream",
      200,
      "text/event-stream",
      `data: ${JSON.stringify({ type: "response.queued", response: response("queued", null) })}\n\n`,
    ],
    [
      "in progress, in a stream that says it is complete",
      200,
      "text/event-stream",
      `data: ${JSON.stringify({ type: "response.completed", response: response("in_progress", nothing) })}\n\n`,
    ],
  ])("because it is %s leaves the call in doubt", async (_what, status, type, body) => {
    await openUpstream(status, type, body);
    const answer = await call({ model: "gpt-4o-mini", input: "hi", stream: type !== "application/json" }, {}, "/v1/responses");
    await answer.text();
    const [trace] = await kit.settled(1);
    expect(trace).toMatchObject({ cost_basis: "in_doubt", unit_cost_usd: null });
    const { spentNano, inDoubtNano } = await kit.account();
    expect([formatUsd(spentNano), formatUsd(inDoubtNano)]).toEqual(["0", trace!.held_usd]);
  });

  it.each([
    ["background", true],
    ["background", "true"],
    ["deferred", true],
  ])("is not asked for: %s %s is refused", async (field, value) => {
    await open();
    const answer = await call({ ...CHAT, [field]: value });
    expect([answer.status, (await told(answer)).ballast.field]).toEqual([400, field]);
  });
});

describe("what multiplies a call's cost", () => {
  it.each([
    ["n", { n: 4 }],
    ["best_of", { n: 1, best_of: 4 }],
  ])("is held: %s", async (_what, more) => {
    await open();
    await call({ ...CHAT, max_tokens: 1000, ...more });
    expect(Number((await kit.settled(1))[0]!.held_usd)).toBeGreaterThan(4000 * 0.6e-6);
  });

  it("is held: a service tier, and the dearest one where the request leaves it to the provider", async () => {
    await open();
    const send = async (more: object) => {
      const answer = await call({ ...CHAT, model: "gpt-4o", max_tokens: 1000, ...more });
      return [answer.status, await answer.text()];
    };
    await send({ service_tier: "default" });
    await send({ service_tier: "priority" });
    await send({});
    const [standard, priority, open_] = (await kit.settled(3)).map((trace) => Number(trace.held_usd));
    expect(priority).toBeGreaterThan(standard!);
    expect(open_).toBeGreaterThanOrEqual(priority! * 0.95);
    expect((await send({ service_tier: "scale" }))[0]).toBe(402);
  });

  it("is traced with the tier it was priced at, where the answer names none: so it can be priced again as it was", async () => {
    await openUpstream(200, "application/json", JSON.stringify({ ...CHAT_ANSWER, model: "gpt-4o" }));
    for (const more of [{ service_tier: "priority" }, {}]) await (await call({ ...CHAT, model: "gpt-4o", ...more })).text();
    const [priority, standard] = await kit.settled(2);
    expect([priority!.service_tier ?? "", standard!.service_tier ?? ""]).toEqual(["priority", ""]);
    expect(Number(priority!.unit_cost_usd)).toBeGreaterThan(Number(standard!.unit_cost_usd));
  });

  it("is held: Anthropic's inference inside the United States, which the workspace may choose, and refused with fast mode on top", async () => {
    await open();
    const body = { model: "claude-opus-4-6", max_tokens: 1000, messages: [{ role: "user", content: "hi" }] };
    const send = (more: object) => call({ ...body, ...more }, {}, "/v1/messages");
    await (await send({ inference_geo: "global" })).text();
    await (await send({})).text();
    const [global, left] = (await kit.settled(2)).map((trace) => Number(trace.held_usd));
    expect(left! / global!).toBeGreaterThan(1.08);
    expect((await send({ inference_geo: "us", speed: "fast" })).status).toBe(402);
  });
});

describe("headers", () => {
  const answer = JSON.stringify(CHAT_ANSWER);

  it("that may change who pays, at which price, or which model answers, are not sent on; others are", async () => {
    const seen = await openUpstream(200, "application/json", answer);
    const kept = { "openai-beta": "x", "anthropic-beta": "context-1m-2025-08-07", traceparent: "00-0-0-00", "x-title": "mine" };
    const dropped = {
      ...{ "OpenAI-Organization": "org-other", "openai-project": "proj-other", "x-goog-user-project": "other", "api-key": "sk-other" },
      ...{ "x-goog-api-key": "other", "x-portkey-config": "pc-1", "helicone-fallbacks": "[]", "cf-aig-cache-ttl": "1" },
      ...{ "x-amzn-bedrock-service-tier": "priority", "x-vertex-ai-llm-shared-request-type": "priority", "x-litellm-num-retries": "9" },
    };
    expect((await call(CHAT, { ...kept, ...dropped })).status).toBe(200);
    expect(seen[0]).toMatchObject(kept);
    for (const name of Object.keys(dropped)) expect([name, seen[0]![name.toLowerCase()]]).toEqual([name, undefined]);
  });

  it("of the operator's own are sent, an organisation too", async () => {
    const headers = { authorization: "Bearer upstream-secret", "openai-organization": "org-ours" };
    const seen = await openUpstream(200, "application/json", answer, { provider: { headers } });
    await call(CHAT, { "openai-organization": "org-other" });
    expect(seen[0]).toMatchObject({ "openai-organization": "org-ours" });
  });

  it("that ask for betas which the bound allows for pass; any other beta refuses the call by its name", async () => {
    await open();
    const known = "interleaved-thinking-2025-05-14, fast-mode-2026-02-01,context-1m-2025-08-07";
    const body = { model: "claude-opus-4-6", max_tokens: 50, messages: [{ role: "user", content: "hi" }] };
    expect((await call(body, { "anthropic-beta": known }, "/v1/messages")).status).toBe(200);
    for (const [more, headers] of [
      [{}, { "anthropic-beta": `${known},golden-tokens-2027-01-01` }],
      [{ anthropic_beta: ["golden-tokens-2027-01-01"] }, {}],
    ] as const) {
      const refused = await call({ ...body, ...more }, headers as Record<string, string>, "/v1/messages");
      const error = await told(refused);
      expect([refused.status, error.code, error.ballast.detail]).toEqual([400, "input_not_bounded", "unknown_beta"]);
      expect(error.message).toContain("golden-tokens-2027-01-01");
    }
  });

  it("of a beta for long prompts come with a hold at the price of long prompts", async () => {
    await open();
    const body = (letters: number) => ({
      model: "claude-sonnet-4-20250514",
      max_tokens: 50,
      messages: [{ role: "user", content: "x".repeat(letters) }],
    });
    await (await call(body(100_000), {}, "/v1/messages")).text();
    await (await call(body(210_000), { "anthropic-beta": "context-1m-2025-08-07" }, "/v1/messages")).text();
    const [short, long] = (await kit.settled(2)).map((trace) => Number(trace.held_usd));
    expect(long! / short!).toBeGreaterThan(4);
  });
});
