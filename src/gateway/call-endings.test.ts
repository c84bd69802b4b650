import { afterEach, describe, expect, it } from "vitest";
import { formatUsd } from "../core/money/usd.ts";
import { chatBody, type GatewayKit, type KitOptions, openGatewayKit } from "./gateway-test-kit.ts";

/*
 * The table of docs/concepts/call-endings.md, one test a cell. gpt-4o-mini costs 150 nano-dollars per input token and 600 per output
 * token (genai-prices); the prompt of chatBody has 4 tokens for the sim.
 */
const INPUT_NANO = 4n * 150n;
const cost = (outputTokens: number) => formatUsd(INPUT_NANO + BigInt(outputTokens) * 600n);

let kit: GatewayKit;
afterEach(() => kit.close());

async function open(options: KitOptions = {}) {
  kit = await openGatewayKit(options);
  const { secret } = await kit.key();
  return (body: string, init: { signal?: AbortSignal; headers?: Record<string, string> } = {}) =>
    fetch(`${kit.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${secret}`, "content-type": "application/json", ...init.headers },
      body,
      ...(init.signal ? { signal: init.signal } : {}),
    });
}

async function booked(traces = 1) {
  const all = await kit.settled(traces);
  const trace = all.at(-1)!;
  const { spentNano, inDoubtNano, heldNano } = await kit.account();
  return { trace, all, spent: formatUsd(spentNano), inDoubt: formatUsd(inDoubtNano), held: formatUsd(heldNano) };
}

describe("how a call ends: plain answers", () => {
  it("complete, measured: books what the provider counted and gives the rest of the hold back", async () => {
    const call = await open();
    const answer = await call(chatBody({ out: 20 }));
    expect(answer.status).toBe(200);
    expect(answer.headers.get("x-ballast-cost-usd")).toBe(cost(20));
    const { trace, spent, inDoubt, held } = await booked();
    expect({ spent, inDoubt, held }).toEqual({ spent: cost(20), inDoubt: "0", held: "0" });
    expect(trace).toMatchObject({ outcome: "complete", cost_basis: "measured", prompt_tokens: 4, gen_tokens: 20, unit_cost_usd: cost(20) });
  });

  it("no usage in the answer, estimated: books the bound of what was produced, within the hold", async () => {
    const call = await open();
    const answer = await call(chatBody({ out: 20, no_usage: true }));
    expect(answer.status).toBe(200);
    const { trace, spent, inDoubt } = await booked();
    expect(trace).toMatchObject({ outcome: "no_usage", cost_basis: "estimated" });
    expect(inDoubt).toBe("0");
    expect(Number(spent)).toBeGreaterThan(Number(cost(20)));
    expect(Number(spent)).toBeLessThanOrEqual(Number(trace.held_usd));
  });

  it("client gone before the first byte, measured: the provider is waited for, and its count is booked", async () => {
    const call = await open();
    const gone = new AbortController();
    const answer = call(chatBody({ out: 20, ttft_ms: 400 }), { signal: gone.signal });
    setTimeout(() => gone.abort(), 100);
    await expect(answer).rejects.toThrow();
    const { trace, spent } = await booked();
    expect(spent).toBe(cost(20));
    expect(trace).toMatchObject({ outcome: "client_gone_waiting", cost_basis: "measured" });
  });

  it("provider error before the first byte, free: passes the error on and books nothing", async () => {
    const call = await open({ provider: { retries: 0 } });
    const answer = await call(chatBody({ status: 500 }));
    expect(answer.status).toBe(500);
    const { trace, spent, inDoubt, held } = await booked();
    expect({ spent, inDoubt, held }).toEqual({ spent: "0", inDoubt: "0", held: "0" });
    expect(trace).toMatchObject({ outcome: "provider_error", cost_basis: "none", unit_cost_usd: "0" });
  });

  it("provider not reached, free: says so and books nothing", async () => {
    const call = await open({ upstreamUrl: "http://127.0.0.1:9", provider: { retries: 1 } });
    const answer = await call(chatBody());
    expect(answer.status).toBe(502);
    expect(await answer.json()).toMatchObject({ error: { code: "provider_unavailable" } });
    const { trace, spent, inDoubt } = await booked();
    expect({ spent, inDoubt }).toEqual({ spent: "0", inDoubt: "0" });
    expect(trace).toMatchObject({ outcome: "provider_error", cost_basis: "none", attempts: 2 });
  });

  it("connection lost before the first byte, in doubt: keeps the hold counting", async () => {
    const call = await open();
    const answer = await call(chatBody({ drop_after: 0 }));
    expect(answer.status).toBe(502);
    const { trace, spent, inDoubt } = await booked();
    expect(spent).toBe("0");
    expect(inDoubt).toBe(trace.held_usd);
    expect(trace).toMatchObject({ outcome: "provider_error", cost_basis: "in_doubt", unit_cost_usd: null });
    expect(await kit.store.holdsInDoubt(10)).toHaveLength(1);
  });

  it("timeout, in doubt: answers 504 and keeps the hold counting", async () => {
    const call = await open({ provider: { headersTimeoutMs: 300 } });
    const answer = await call(chatBody({ hang: true }));
    expect(answer.status).toBe(504);
    expect(await answer.json()).toMatchObject({ error: { code: "provider_timeout" } });
    const { trace, inDoubt } = await booked();
    expect(inDoubt).toBe(trace.held_usd);
    expect(trace).toMatchObject({ outcome: "timeout", cost_basis: "in_doubt" });
  });

  it("malformed answer, in doubt: answers 502 and keeps the hold counting", async () => {
    const call = await open();
    const answer = await call(chatBody({ malformed: true }));
    expect(answer.status).toBe(502);
    expect(await answer.json()).toMatchObject({ error: { code: "provider_answer_malformed" } });
    const { trace, inDoubt } = await booked();
    expect(inDoubt).toBe(trace.held_usd);
    expect(trace).toMatchObject({ outcome: "malformed_answer", cost_basis: "in_doubt" });
  });

  it("retried, measured: one booking for the attempt that answered", async () => {
    const call = await open();
    const answer = await call(chatBody({ out: 20, status: 503, fail_times: 2, id: "again" }));
    expect(answer.status).toBe(200);
    const { trace, spent } = await booked();
    expect(spent).toBe(cost(20));
    expect(trace).toMatchObject({ outcome: "complete", cost_basis: "measured", attempts: 3 });
  });

  it("idempotent repeat, free: gives the stored answer again and bills once", async () => {
    const call = await open();
    const body = chatBody({ out: 20 });
    const first = await call(body, { headers: { "idempotency-key": "k1" } });
    const again = await call(body, { headers: { "idempotency-key": "k1" } });
    expect(await again.text()).toBe(await first.text());
    expect(again.headers.get("x-ballast-cache")).toBe("idempotent");
    const { trace, spent } = await booked(2);
    expect(spent).toBe(cost(20));
    expect(trace).toMatchObject({ outcome: "replayed", cost_basis: "none", cache_hit: true, unit_cost_usd: "0" });
    expect(kit.sim.stats().billed).toHaveLength(1);
  });

  it("refused by a budget, free: opens no connection and records the refusal", async () => {
    const call = await open({ limitUsd: "0.000001" });
    const answer = await call(chatBody());
    expect(answer.status).toBe(429);
    const { trace, spent } = await booked();
    expect(spent).toBe("0");
    expect(trace).toMatchObject({ outcome: "refused", cost_basis: "none", error_code: "budget_exhausted", attempts: 0 });
    expect(kit.sim.stats().billed).toHaveLength(0);
  });
});

describe("how a call ends: fallbacks", () => {
  const routes = [
    {
      model: "careful",
      targets: [
        { provider: "dead", model: "gpt-4o" },
        { provider: "sim", model: "gpt-4o-mini" },
      ],
    },
  ];

  it("fallback used after a clean failure, measured: books at the price of the model that answered", async () => {
    const dead = { name: "dead", baseUrl: "http://127.0.0.1:9", headers: {}, priceList: "openai", retries: 0 };
    const more = { dialects: ["openai"], maxTokensField: "max_tokens", headersTimeoutMs: 1000, bodyTimeoutMs: 1000 } as const;
    const call = await open({ routes, extraProviders: [{ ...dead, ...more }] });
    const answer = await call(chatBody({ out: 20 }, { model: "careful" }));
    expect(answer.headers.get("x-ballast-model")).toBe("gpt-4o-mini");
    const { trace, spent, inDoubt } = await booked();
    expect({ spent, inDoubt }).toEqual({ spent: cost(20), inDoubt: "0" });
    expect(trace).toMatchObject({ outcome: "complete", provider: "sim", model_id: "gpt-4o-mini", requested_model: "careful", attempts: 2 });
  });

  it("fallback used after an unanswered attempt: the first is in doubt under its own hold, the second measured", async () => {
    const hanging = await import("node:http").then(({ createServer }) => createServer(() => {}));
    await new Promise<void>((resolve) => hanging.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(hanging.address() as { port: number }).port}`;
    const dead = { name: "dead", baseUrl: url, headers: {}, priceList: "openai", retries: 2 };
    const more = { dialects: ["openai"], maxTokensField: "max_tokens", headersTimeoutMs: 200, bodyTimeoutMs: 200 } as const;
    const call = await open({ routes, extraProviders: [{ ...dead, ...more }] });
    const answer = await call(chatBody({ out: 20 }, { model: "careful" }));
    hanging.closeAllConnections();
    hanging.close();
    expect(answer.status).toBe(200);
    const { all, spent, inDoubt } = await booked(2);
    expect(all.map((trace) => [trace.outcome, trace.cost_basis, trace.provider])).toEqual([
      ["timeout", "in_doubt", "dead"],
      ["complete", "measured", "sim"],
    ]);
    expect(spent).toBe(cost(20));
    expect(inDoubt).toBe(all[0]!.held_usd);
  });
});

describe("how a call ends: streams", () => {
  const stream = (directive: Record<string, unknown>, more: Record<string, unknown> = {}) => chatBody(directive, { stream: true, ...more });

  it("complete, measured: the end of the stream comes after the booking", async () => {
    const call = await open();
    const text = await (await call(stream({ out: 20 }))).text();
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
    // Nothing to wait for: a caller who has read the end finds the call booked.
    expect(formatUsd((await kit.account()).spentNano)).toBe(cost(20));
    expect((await kit.traces())[0]).toMatchObject({ outcome: "complete", cost_basis: "measured", stream: true, gen_tokens: 20 });
  });

  it("no usage in the stream, estimated: books the bound of what was produced", async () => {
    const call = await open();
    await (await call(stream({ out: 20, no_usage: true }))).text();
    const { trace, spent, inDoubt } = await booked();
    expect(trace).toMatchObject({ outcome: "no_usage", cost_basis: "estimated" });
    expect(inDoubt).toBe("0");
    expect(Number(spent)).toBeGreaterThan(Number(cost(20)));
    expect(Number(spent)).toBeLessThanOrEqual(Number(trace.held_usd));
  });

  it("client gone mid-stream, measured: the stream is read to its end within the drain limits", async () => {
    const call = await open();
    const gone = new AbortController();
    const answer = await call(stream({ out: 60, tokens_per_s: 150 }), { signal: gone.signal });
    await answer.body!.getReader().read();
    gone.abort();
    const { trace, spent } = await booked();
    expect(trace).toMatchObject({ outcome: "client_gone_streaming", cost_basis: "measured", gen_tokens: 60 });
    expect(spent).toBe(cost(60));
  });

  it("client gone mid-stream, estimated: past the drain limit the stream is cut and booked at the bound of what was produced", async () => {
    const call = await open({ settings: { drainMaxMs: 200 } });
    const gone = new AbortController();
    const answer = await call(stream({ out: 2000, tokens_per_s: 100 }, { max_tokens: 2000 }), { signal: gone.signal });
    await answer.body!.getReader().read();
    gone.abort();
    const { trace, spent, inDoubt } = await booked();
    expect(trace).toMatchObject({ outcome: "client_gone_streaming", cost_basis: "estimated" });
    expect(inDoubt).toBe("0");
    const billed = kit.sim.stats().billed[0]!;
    expect(trace.gen_tokens).toBeGreaterThanOrEqual(billed.outputTokens);
    expect(Number(spent)).toBeLessThan(Number(trace.held_usd));
  });

  it("provider error after the first byte, estimated: the error is passed on, what was produced is booked", async () => {
    const call = await open();
    const text = await (await call(stream({ out: 50, error_after: 10 }))).text();
    expect(text).toContain("error");
    const { trace, inDoubt } = await booked();
    expect(trace).toMatchObject({ outcome: "provider_error_streaming", cost_basis: "estimated" });
    expect(inDoubt).toBe("0");
  });

  it("connection lost after the first byte, in doubt: the caller is told, the hold keeps counting", async () => {
    const call = await open();
    const text = await (await call(stream({ out: 50, drop_after: 10 }))).text();
    expect(text).toContain("stream_cut");
    expect(text).not.toContain("[DONE]");
    const { trace, inDoubt } = await booked();
    expect(inDoubt).toBe(trace.held_usd);
    expect(trace).toMatchObject({ outcome: "provider_error_streaming", cost_basis: "in_doubt" });
  });

  it("timeout after the first byte, in doubt: the caller is told, the hold keeps counting", async () => {
    const call = await open({ provider: { bodyTimeoutMs: 300 } });
    const text = await (await call(stream({ out: 50, stall_after: 10 }))).text();
    expect(text).toContain("provider_timeout");
    const { trace, inDoubt } = await booked();
    expect(inDoubt).toBe(trace.held_usd);
    expect(trace).toMatchObject({ outcome: "timeout", cost_basis: "in_doubt" });
  });

  it("idempotent repeat of a stream, free: gives the same events again and bills once", async () => {
    const call = await open();
    const body = stream({ out: 20 });
    const first = await (await call(body, { headers: { "idempotency-key": "k1" } })).text();
    const again = await call(body, { headers: { "idempotency-key": "k1" } });
    expect(again.headers.get("content-type")).toContain("text/event-stream");
    expect(await again.text()).toBe(first);
    expect((await booked(2)).spent).toBe(cost(20));
  });
});

describe("how a hold in doubt ends", () => {
  it("is resolved by an operator: the cost is booked, the rest is free again, the trace is corrected", async () => {
    const call = await open();
    await call(chatBody({ drop_after: 0 }));
    await booked();
    const [hold] = await kit.store.holdsInDoubt(1);
    await kit.store.resolveDoubt({ holdId: hold!.holdId, amountNano: 1200n, at: Date.now(), actor: "me", reason: "invoice" });
    const { spentNano, inDoubtNano } = await kit.account();
    expect([spentNano, inDoubtNano]).toEqual([1200n, 0n]);
    expect((await kit.traces()).at(-1)).toMatchObject({ trace_id: hold!.holdId, unit_cost_usd: "0.0000012", cost_basis: "estimated" });
    expect((await kit.store.verify()).findings).toEqual([]);
  });
});

describe("a caller who leaves before anything is sent", () => {
  it("pays nothing, and no connection is opened", async () => {
    const call = await open();
    // The ledger's answer to the first hold is awaited while the caller goes.
    const lease = kit.store.lease.bind(kit.store);
    const gone = new AbortController();
    kit.store.lease = async (request) => {
      gone.abort();
      await new Promise((resolve) => setTimeout(resolve, 100));
      return await lease(request);
    };
    await expect(call(chatBody({ out: 5 }), { signal: gone.signal })).rejects.toThrow();
    const { trace, spent, inDoubt } = await booked();
    expect({ spent, inDoubt }).toEqual({ spent: "0", inDoubt: "0" });
    expect(trace).toMatchObject({ outcome: "client_gone_waiting", cost_basis: "none", attempts: 0 });
    expect(kit.sim.stats().requests).toBe(0);
  });
});
