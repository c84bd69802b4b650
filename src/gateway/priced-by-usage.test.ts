import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { formatUsd, usd } from "../core/money/usd.ts";
import { usageOfTrace } from "../core/usage/usage-details.ts";
import { chatBody, type KitOptions, openGatewayKit } from "./gateway-test-kit.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A provider that answers each call with the same usage, whole or as a stream. */
async function upstreamWith(usage: object): Promise<string> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => {
      body += piece;
    });
    request.on("end", () => {
      const head = { id: "answer-1", model: "m", service_tier: "default" };
      if (!JSON.parse(body).stream) {
        response.writeHead(200, { "content-type": "application/json" });
        const message = { role: "assistant", content: "hello" };
        return response.end(JSON.stringify({ ...head, choices: [{ index: 0, finish_reason: "stop", message }], usage }));
      }
      response.writeHead(200, { "content-type": "text/event-stream" });
      const event = (data: object) => response.write(`data: ${JSON.stringify({ ...head, ...data })}\n\n`);
      event({ choices: [{ index: 0, delta: { content: "hello" } }] });
      event({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
      event({ choices: [], usage });
      return response.end("data: [DONE]\n\n");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function open(usage: object, options: KitOptions = {}) {
  const kit = await openGatewayKit({ upstreamUrl: await upstreamWith(usage), ...options });
  closers.push(() => kit.close());
  const { secret } = await kit.key();
  const call = (more: Record<string, unknown> = {}) =>
    fetch(`${kit.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
      body: chatBody({}, more),
    });
  return { kit, call };
}

const COUNTS = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

describe("a count in an answer that nobody reads", () => {
  it.each([false, true])("makes the call unpriced, keeps its hold, and names the count (stream: %s)", async (stream) => {
    const { kit, call } = await open({ ...COUNTS, robot_seconds: 2.5 });
    const answer = await call({ stream });
    expect(answer.status).toBe(200);
    await answer.text();
    const [trace] = await kit.settled(1);
    expect(trace).toMatchObject({ outcome: "complete", cost_basis: "unpriced", unit_cost_usd: null, prompt_tokens: 10, gen_tokens: 5 });
    expect(trace!.usage_details).toEqual({ "unknown:usage.robot_seconds": 3 });
    const { spentNano, inDoubtNano } = await kit.account();
    expect([spentNano, formatUsd(inDoubtNano)]).toEqual([0n, trace!.held_usd]);
    expect(await kit.store.holdsInDoubt(10)).toMatchObject([{ reason: "unpriced: unknown_usage_unit usage.robot_seconds" }]);
  });

  it("is told once, not with every call that has it", async () => {
    const { kit, call } = await open({ ...COUNTS, robot_seconds: 7 });
    for (let index = 0; index < 3; index++) await (await call()).text();
    const [first] = await kit.settled(3);
    const told = (await kit.store.readOutbox("alert", 10)).map(({ payload }) => JSON.parse(payload));
    const { trace_id: hold, held_usd } = first!;
    const what = { type: "unknown_usage_unit", provider: "sim", model: "gpt-4o-mini", unit: "usage.robot_seconds", at: expect.any(Number) };
    expect(told).toEqual([{ ...what, hold, held_usd }]);
  });

  it("does no harm once the operator has said that it costs nothing, and no other is let through by that", async () => {
    const ignoredUsageKeys = new Set(["usage.robot_seconds"]);
    const { kit, call } = await open({ ...COUNTS, robot_seconds: 7 }, { settings: { ignoredUsageKeys } });
    await (await call()).text();
    const [trace] = await kit.settled(1);
    expect(trace).toMatchObject({ cost_basis: "measured", unit_cost_usd: formatUsd(10n * 150n + 5n * 600n) });
    expect(await kit.store.readOutbox("alert", 10)).toHaveLength(0);
    const other = await open({ ...COUNTS, robot_minutes: 7 }, { settings: { ignoredUsageKeys } });
    await (await other.call()).text();
    expect((await other.kit.settled(1))[0]).toMatchObject({ cost_basis: "unpriced" });
  });

  it("of none, and one that is known to be informative, changes nothing", async () => {
    const { kit, call } = await open({ ...COUNTS, robot_seconds: 0, queue_time: 0.3, prompt_tokens_details: { text_tokens: 10 } });
    await (await call()).text();
    expect((await kit.settled(1))[0]).toMatchObject({ cost_basis: "measured" });
  });
});

const REPORTED = { ...COUNTS, cost: 0.00012345 };

describe("an answer that cannot be true", () => {
  it.each([false, true])("is in doubt, and keeps no other call waiting: a cost of 1e300 (stream: %s)", async (stream) => {
    const { kit, call } = await open({ ...COUNTS, cost: 1e300 }, { provider: { reportsCost: { unlistedHoldNano: undefined } } });
    const answer = await call({ stream });
    expect(answer.status).toBe(200);
    await answer.text();
    const [trace] = await kit.settled(1);
    expect(trace).toMatchObject({ cost_basis: "unpriced", unit_cost_usd: null });
    const { spentNano, inDoubtNano } = await kit.account();
    expect([spentNano, formatUsd(inDoubtNano)]).toEqual([0n, trace!.held_usd]);
    expect(await kit.store.holdsInDoubt(10)).toMatchObject([{ reason: "unpriced: implausible_cost above 1000000 USD" }]);
    expect((await call({ stream })).status).toBe(200);
    await kit.settled(2);
  });

  it("is booked at its bound, and keeps no other call waiting: more tokens than there are", async () => {
    const { kit, call } = await open({ prompt_tokens: 4_000_000_000_000_000, completion_tokens: 5, total_tokens: 4_000_000_000_000_005 });
    await (await call()).text();
    const [trace] = await kit.settled(1);
    expect(["estimated", "unpriced", "in_doubt"]).toContain(trace!.cost_basis);
    expect((await call()).status).toBe(200);
    await kit.settled(2);
    expect((await kit.store.verify()).findings).toEqual([]);
  });
});

describe("the cost that a provider reports", () => {
  it("is kept beside ours, and not booked unless that is configured", async () => {
    const { kit, call } = await open(REPORTED);
    await (await call()).text();
    const [trace] = await kit.settled(1);
    expect(trace).toMatchObject({ cost_basis: "measured", unit_cost_usd: "0.0000045", usage_details: { provider_cost_nano: 123_450 } });
    expect(usageOfTrace({ ...empty, ...trace! })).toMatchObject({ inputTokens: 10, outputTokens: 5 });
  });

  it.each([false, true])(
    "is booked to the last digit where it is what counts, also for what has no price of ours (stream: %s)",
    async (stream) => {
      const reportsCost = { unlistedHoldNano: undefined };
      const { kit, call } = await open({ ...REPORTED, num_search_queries: 3, robot_seconds: 9 }, { provider: { reportsCost } });
      const answer = await call({ stream });
      await answer.text();
      const [trace] = await kit.settled(1);
      expect(trace).toMatchObject({
        cost_basis: "measured",
        unit_cost_usd: "0.00012345",
        price_id: "provider_reported/openai/gpt-4o-mini",
      });
      // Which part of it is which nobody knows: not known is not zero.
      expect(trace).not.toHaveProperty("input_cost_usd");
      const { spentNano, inDoubtNano } = await kit.account();
      expect([formatUsd(spentNano), inDoubtNano]).toEqual(["0.00012345", 0n]);
    },
  );

  it("gives way to the list price in an answer that has none", async () => {
    const { kit, call } = await open(COUNTS, { provider: { reportsCost: { unlistedHoldNano: undefined } } });
    await (await call()).text();
    expect((await kit.settled(1))[0]).toMatchObject({ cost_basis: "measured", unit_cost_usd: "0.0000045" });
  });

  it("is booked in full above the hold, and told as an incident", async () => {
    const { kit, call } = await open({ ...COUNTS, cost: 5 }, { provider: { reportsCost: { unlistedHoldNano: undefined } } });
    await (await call()).text();
    const [trace] = await kit.settled(1);
    expect(trace).toMatchObject({ cost_basis: "measured", unit_cost_usd: "5" });
    const told = (await kit.store.readOutbox("alert", 10)).map(({ payload }) => JSON.parse(payload));
    expect(told).toContainEqual(expect.objectContaining({ type: "hold_exceeded", cost_usd: "5", held_usd: trace!.held_usd }));
    expect(formatUsd((await kit.account()).spentNano)).toBe("5");
  });

  describe("of a model without a list price", () => {
    const unlisted = { model: "gpt-of-tomorrow" };

    it("is booked, and until it is known the configured amount is held", async () => {
      const { kit, call } = await open(REPORTED, { provider: { reportsCost: { unlistedHoldNano: usd("0.25") } } });
      await (await call(unlisted)).text();
      const [trace] = await kit.settled(1);
      expect(trace).toMatchObject({ cost_basis: "measured", held_usd: "0.25", unit_cost_usd: "0.00012345" });
      expect(trace!.price_id).toBe("provider_reported/openai/gpt-of-tomorrow");
    });

    it("keeps its hold in doubt when the answer says none", async () => {
      const { kit, call } = await open(COUNTS, { provider: { reportsCost: { unlistedHoldNano: usd("0.25") } } });
      await (await call(unlisted)).text();
      expect((await kit.settled(1))[0]).toMatchObject({ cost_basis: "unpriced", unit_cost_usd: null });
      expect(await kit.store.holdsInDoubt(10)).toMatchObject([{ reason: "unpriced: no_reported_cost", heldNano: usd("0.25") }]);
    });

    it("does not open the door where no amount is configured for it", async () => {
      const { call } = await open(REPORTED, { provider: { reportsCost: { unlistedHoldNano: undefined } } });
      const answer = await call(unlisted);
      expect(answer.status).toBe(402);
      expect(await answer.json()).toMatchObject({ error: { code: "model_not_priced" } });
    });

    it("is refused by a budget that cannot carry the configured amount", async () => {
      const { call } = await open(REPORTED, { limitUsd: "0.2", provider: { reportsCost: { unlistedHoldNano: usd("0.25") } } });
      expect((await call(unlisted)).status).toBe(429);
    });
  });
});

const empty = { prompt_tokens: 0, gen_tokens: 0, cache_read_tokens: 0, cache_write_tokens: 0, reasoning_tokens: 0, usage_details: {} };
