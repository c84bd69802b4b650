import type { Static } from "typebox";
import { afterEach, describe, expect, it } from "vitest";
import type { checkAnswer, checkRefusal } from "../src/contract/budget-service-contract.ts";
import type { UsageReport } from "./budget-call.ts";
import type { CheckResult } from "./budget-check.ts";
import { type BudgetClientOptions, type BudgetWarning, createBudgetClient } from "./budget-client.ts";
import { BudgetExceededError, type BudgetRefusal, BudgetRequestError, BudgetUnavailableError } from "./budget-errors.ts";
import { countingFetch, RestartedBallast, until } from "./client-test-kit.ts";
import type { CheckAnswer } from "./status-cache.ts";
import type { DroppedUsage } from "./usage-queue.ts";

/*
 * Against a real Ballast: it is what is asked, stopped, and started again.
 */
const MODEL = "gpt-4o-mini";
/** 0.15 and 0.60 USD per million tokens: a call of 1,000 and 1,000 tokens. */
const CALL_USD = 0.00075;
const CALL = { model: MODEL, promptTokens: 1000, completionTokens: 1000 };

const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

async function aBallast(yaml?: string): Promise<RestartedBallast> {
  const ballast = await new RestartedBallast(yaml).start();
  ended.push(() => ballast.remove());
  return ballast;
}

function aClient(ballast: { url: string }, options: Partial<BudgetClientOptions> = {}) {
  const warnings: BudgetWarning[] = [];
  const dropped: DroppedUsage[] = [];
  const { fetch, asked } = countingFetch();
  const client = createBudgetClient({
    url: ballast.url,
    tenant: "acme",
    fetch,
    // A slow machine must not turn an answer into none.
    checkTimeoutMs: 10_000,
    onWarning: (warning) => warnings.push(warning),
    onDropped: (each) => dropped.push(each),
    ...options,
  });
  ended.push(() => client.close(0));
  const checks = () => asked.filter((path) => path.endsWith("/check")).length;
  return { client, warnings, dropped, checks, asked };
}

function errorOf(result: CheckResult) {
  if (result.allowed) throw new Error("it was allowed");
  return result.error;
}

/** What a call of the client used, counted once. */
function booked(calls: number) {
  return { inputTokens: calls * 1000, outputTokens: calls * 1000 };
}

describe("check", () => {
  it("asks once a minute for a tenant and model", async () => {
    const ballast = await aBallast();
    await ballast.setBudget("acme", 1);
    let now = Date.now();
    const { client, checks } = aClient(ballast, { now: () => now });
    expect(await client.check(CALL)).toMatchObject({ allowed: true, source: "ballast", answer: { remaining_usd: 1 } });
    expect(await client.check(CALL)).toMatchObject({ allowed: true, source: "cache" });
    expect(checks()).toBe(1);
    now += 60_000;
    expect(await client.check(CALL)).toMatchObject({ source: "ballast" });
  });

  it("asks once for calls that come together", async () => {
    const ballast = await aBallast();
    const { client, checks } = aClient(ballast);
    const results = await Promise.all(Array.from({ length: 100 }, () => client.check(CALL)));
    expect(results.every(({ allowed }) => allowed)).toBe(true);
    expect(checks()).toBe(1);
  });

  it("asks for each call where nothing is kept, and does not let one wait for another", async () => {
    const ballast = await aBallast();
    const { client, checks } = aClient(ballast, { cacheMs: 0 });
    const results = await Promise.all(Array.from({ length: 5 }, () => client.check(CALL)));
    expect(results.every((result) => result.allowed && result.source === "ballast")).toBe(true);
    expect(checks()).toBe(5);
  });

  it("does not take another call's mistake for its own", async () => {
    const ballast = await aBallast();
    const { client } = aClient(ballast);
    const [wrong, right] = await Promise.allSettled([client.check({ ...CALL, promptTokens: 1e15 }), client.check(CALL)]);
    expect(wrong).toMatchObject({ status: "rejected", reason: { ballastStatus: 400 } });
    expect(right).toMatchObject({ status: "fulfilled", value: { allowed: true } });
  });

  it("is advice: of calls that come together near a limit each is told what is true when it asks, and none waits for many others", async () => {
    const ballast = await aBallast();
    await ballast.setBudget("acme", 0.0026);
    const { client, checks } = aClient(ballast);
    const startedAt = performance.now();
    const results = await Promise.all(Array.from({ length: 50 }, () => client.check(CALL)));
    // Two answers carry two calls more each; all others ask for themselves. Three would have fitted, and nothing is held.
    expect(results.every(({ allowed }) => allowed)).toBe(true);
    expect(checks()).toBe(50 - 2 * 2);
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });

  it("asks again, near the limit, for each call that one answer does not carry", async () => {
    const ballast = await aBallast();
    await ballast.setBudget("acme", 0.0026);
    const { client, checks } = aClient(ballast);
    for (let call = 0; call < 3; call++) await client.check(CALL);
    expect(checks()).toBe(1);
    await client.check(CALL);
    expect(checks()).toBe(2);
  });

  it("asks afresh after usage was booked", async () => {
    const ballast = await aBallast();
    await ballast.setBudget("acme", 0.001);
    const { client, checks } = aClient(ballast);
    expect((await client.check({ ...CALL, promptTokens: 1 })).allowed).toBe(true);
    client.track(CALL);
    expect(await client.flush()).toBe(0);
    expect((await client.check(CALL)).allowed).toBe(false);
    expect(checks()).toBe(2);
  });

  it("does not keep an answer from before usage was booked", async () => {
    const ballast = await aBallast();
    let letThrough = () => {};
    const held = new Promise<void>((resolve) => {
      letThrough = resolve;
    });
    const { fetch: counting, asked } = countingFetch();
    const { client } = aClient(ballast, {
      async fetch(input, init) {
        const answer = await counting(input, init);
        if (String(input).endsWith("/check")) await held;
        return answer;
      },
    });
    const early = client.check(CALL);
    await until(() => asked.length === 1);
    client.track(CALL);
    await client.flush();
    letThrough();
    expect(await early).toMatchObject({ source: "ballast" });
    expect(await client.check(CALL)).toMatchObject({ source: "ballast" });
  });

  it("refuses with all that Ballast's 429 says", async () => {
    const ballast = await aBallast();
    await ballast.setBudget("acme", 0.0005, MODEL);
    const { client, checks } = aClient(ballast);
    const error = errorOf(await client.check(CALL)) as BudgetExceededError;
    expect(error).toBeInstanceOf(BudgetExceededError);
    const raw = await fetch(`${ballast.url}/api/ai-budget/check`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ tenant_id: "acme", model: MODEL, prompt_tokens: 1000, completion_tokens: 1000 }),
    });
    expect(raw.status).toBe(429);
    const body = (await raw.json()) as BudgetRefusal;
    expect(error.body).toEqual(body);
    expect(error).toMatchObject({
      statusCode: 429,
      message: "AI Budget Exceeded",
      code: "budget_exhausted",
      tenant: "acme",
      model: MODEL,
      account: body.account,
      limitUsd: 0.0005,
      spentUsd: 0,
      heldUsd: 0,
      inDoubtUsd: 0,
      estimatedCostUsd: CALL_USD,
      resetDate: new Date(body.reset_date),
      remedy: body.remedy,
    });
    expect(Math.abs(error.retryAfterSeconds - Number(raw.headers.get("retry-after")))).toBeLessThan(5);
    await client.check(CALL);
    expect(checks()).toBe(1);
  });

  it("asks for the fallback's call where one is refused, and says which it stands for", async () => {
    const ballast = await aBallast();
    await ballast.setBudget("acme", 0.001, "gpt-4o");
    const { client } = aClient(ballast, { fallback: (_, call) => (call.model === "gpt-4o" ? { ...call, model: MODEL } : undefined) });
    const result = await client.check({ ...CALL, model: "gpt-4o" });
    expect(result).toMatchObject({ allowed: true, call: { model: MODEL }, insteadOf: { model: "gpt-4o" } });
    await ballast.setBudget("acme", 0.0000001, MODEL);
    const late = aClient(ballast, { fallback: () => ({ ...CALL }) });
    expect((await late.client.check(CALL)).allowed).toBe(false);
  });

  it("tells above the warning share, once per answer", async () => {
    const ballast = await aBallast();
    await ballast.setBudget("acme", 1);
    const { client, warnings } = aClient(ballast);
    client.track({ ...CALL, costUsd: 0.81 });
    await client.flush();
    expect(warnings).toEqual([{ kind: "above_warning_share", tenant: "acme", model: MODEL }]);
    for (let call = 0; call < 3; call++) expect(await client.check(CALL)).toMatchObject({ allowed: true, warning: true });
    expect(warnings).toHaveLength(2);
    expect(warnings[1]).toMatchObject({ kind: "above_warning_share", answer: { percentage_used: 81 } });
  });

  it("says loudly when Ballast does not accept the question", async () => {
    const ballast = await aBallast();
    const { client } = aClient(ballast);
    const unpriced = client.check({ ...CALL, model: "no-such-model" });
    await expect(unpriced).rejects.toBeInstanceOf(BudgetRequestError);
    await expect(unpriced).rejects.toMatchObject({ ballastStatus: 402, code: "model_not_priced" });
    await expect(client.check({ model: MODEL })).rejects.toMatchObject({ ballastStatus: 400, code: "invalid_request" });
    await expect(client.check({ ...CALL, tenant: "" })).rejects.toThrow(TypeError);
  });

  it("sends its token where reads need one", async () => {
    const ballast = await aBallast("api: { open_reads: false }\nadmin_token: a-token-of-more-than-sixteen-characters");
    await expect(aClient(ballast).client.check(CALL)).rejects.toMatchObject({ ballastStatus: 401, code: "role_missing" });
    const { client } = aClient(ballast, { token: () => "a-token-of-more-than-sixteen-characters" });
    expect((await client.check(CALL)).allowed).toBe(true);
  });
});

describe("check while Ballast is away", () => {
  it("allows by default, and says so to the warning hook", async () => {
    const ballast = await aBallast();
    await ballast.stop();
    const { client, warnings } = aClient(ballast);
    expect(await client.check(CALL)).toMatchObject({ allowed: true, source: "unavailable", answer: undefined });
    expect(warnings).toEqual([{ kind: "allowed_unasked", tenant: "acme", model: MODEL, reason: "ECONNREFUSED" }]);
  });

  it("denies where it is told to, with when to try again", async () => {
    const ballast = await aBallast();
    await ballast.stop();
    const { client } = aClient(ballast, { onUnavailable: "deny" });
    const error = errorOf(await client.check(CALL));
    expect(error).toBeInstanceOf(BudgetUnavailableError);
    expect(error).toMatchObject({ statusCode: 503, tenant: "acme", model: MODEL, retryAfterSeconds: 1 });
  });

  it("knows for a minute what it was told before", async () => {
    const ballast = await aBallast();
    const { client } = aClient(ballast, { onUnavailable: "deny" });
    await client.check(CALL);
    await ballast.stop();
    expect(await client.check(CALL)).toMatchObject({ allowed: true, source: "cache" });
  });

  it("waits half a second for an answer, and takes a page of somebody else for none", async () => {
    const silent: typeof fetch = (_, init) =>
      new Promise((_, reject) => init!.signal!.addEventListener("abort", () => reject(init!.signal!.reason)));
    const { client, warnings } = aClient({ url: "http://silent" }, { fetch: silent, checkTimeoutMs: 500 });
    const startedAt = performance.now();
    // The second call waits for the first one's answer, and no longer.
    await Promise.all([client.check(CALL), client.check(CALL)]);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(490);
    expect(performance.now() - startedAt).toBeLessThan(950);
    expect(warnings).toMatchObject([{ reason: expect.stringMatching(/^no answer within (500|49\d) ms$/) }]);
    const page = aClient({ url: "http://proxy" }, { fetch: async () => new Response("<h1>Welcome</h1>") });
    expect(await page.client.check(CALL)).toMatchObject({ source: "unavailable" });
  });
});

describe("track", () => {
  it("books in the background, at the price list's cost or the one given", async () => {
    const ballast = await aBallast();
    const { client } = aClient(ballast);
    const id = client.track(CALL);
    client.track({ ...CALL, costUsd: 0.1 + 0.2, reportType: "quarterly", feature: "reports" });
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(await client.flush()).toBe(0);
    expect(client.counts()).toEqual({ pending: 0, delivered: 2, dropped: 0 });
    expect(await ballast.usage("acme")).toEqual({ usd: 0.30075, ...booked(2) });
  });

  it("drops what Ballast refuses for good, and says why", async () => {
    const ballast = await aBallast();
    const { client, dropped } = aClient(ballast);
    client.track({ ...CALL, model: "no-such-model" });
    client.track({ ...CALL, promptTokens: -1 });
    client.track(CALL);
    expect(await client.flush()).toBe(0);
    expect(dropped.map(({ reason, status, code }) => [reason, status, code]).sort()).toEqual([
      ["rejected", 400, "invalid_request"],
      ["rejected", 402, "model_not_priced"],
    ]);
    expect(await ballast.usage("acme")).toMatchObject(booked(1));
  });

  it("survives a restart of Ballast: nothing is lost and nothing counted twice", async () => {
    const ballast = await aBallast();
    await ballast.setBudget("acme", 1000);
    const { client, dropped } = aClient(ballast);
    const CALLS = 400;
    let tracked = 0;
    const traffic = (async () => {
      while (tracked < CALLS) {
        client.track(CALL);
        if (++tracked % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 25));
      }
    })();
    await until(() => client.counts().delivered > 50);
    await ballast.stop();
    await until(() => client.counts().pending > 50);
    await ballast.start();
    await traffic;
    expect(await client.flush(30_000)).toBe(0);
    expect({ ...client.counts(), dropped }).toEqual({ pending: 0, delivered: CALLS, dropped: [] });
    expect(await ballast.usage("acme")).toMatchObject({ ...booked(CALLS) });
    expect((await ballast.usage("acme")).usd).toBeCloseTo(CALLS * CALL_USD, 9);
    expect(await ballast.findings()).toEqual([]);
  });

  it("counts once a report whose answer was lost", async () => {
    const ballast = await aBallast();
    let lost = 0;
    const { client } = aClient(ballast, {
      async fetch(input, init) {
        const answer = await fetch(input, init);
        await answer.arrayBuffer();
        // Booked, and nobody hears of it: the connection breaks with the answer on its way.
        if (lost++ < 3) throw new TypeError("fetch failed", { cause: { code: "ECONNRESET" } });
        return fetch(input, init);
      },
    });
    client.track(CALL);
    await until(() => client.counts().delivered === 1, 30_000);
    expect(lost).toBe(4);
    expect(await ballast.usage("acme")).toMatchObject(booked(1));
  });

  it("hands over what is left when it closes, and another process delivers it once", async () => {
    const ballast = await aBallast();
    const first = aClient(ballast);
    first.client.track(CALL);
    await first.client.flush();
    await ballast.stop();
    for (let call = 0; call < 20; call++) first.client.track(CALL);
    const left = await first.client.close(50);
    expect(left).toHaveLength(20);
    await ballast.start();
    const kept = JSON.parse(JSON.stringify(left)) as UsageReport[];
    for (const { client } of [aClient(ballast), aClient(ballast)]) {
      client.restore(kept);
      expect(await client.flush(30_000)).toBe(0);
    }
    expect(await ballast.usage("acme")).toMatchObject(booked(21));
  });
});

it("knows the words of the wire as Ballast does", () => {
  const same = {
    answer: (answer: Static<typeof checkAnswer>): CheckAnswer => answer,
    refusal: (refusal: Static<typeof checkRefusal>): BudgetRefusal => refusal,
    answerBack: (answer: CheckAnswer): Static<typeof checkAnswer> => answer,
    refusalBack: (refusal: BudgetRefusal): Static<typeof checkRefusal> => refusal,
  };
  // The compiler has checked it.
  expect(Object.keys(same)).toHaveLength(4);
});
