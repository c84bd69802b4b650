import { afterEach, describe, expect, it } from "vitest";
import { formatUsd, usd } from "../../src/core/money/usd.ts";
import { chatBody } from "../../src/gateway/gateway-test-kit.ts";
import { DEFAULT_LIMITS, endingOf, type FailureKit, LedgerLives, openFailureKit } from "./failure-kit.ts";

/* Complaints 18 to 33 of docs/reference/known-failures.md: use that nobody had, refusals that are wrong, windows that begin late. */
let close: (() => Promise<void>) | undefined;
afterEach(async () => {
  await close?.();
  close = undefined;
});

async function open(...options: Parameters<typeof openFailureKit>): Promise<FailureKit> {
  const kit = await openFailureKit(...options);
  close = kit.close;
  return kit;
}

async function ledger(at: string): Promise<LedgerLives> {
  const lives = await new LedgerLives(at).start();
  close = () => lives.close();
  return lives;
}

const ACME = { tenant: "acme" };

describe("a hold", () => {
  // 18: BerriAI/litellm #27639, holds leaked and keys with next to no spend were refused; 19: litellm #29493, an off switch as the cure.
  it("ends with its call, however that ends: after failures of every kind nothing is held, and the rest of the budget can be used", async () => {
    const kit = await open({ limitUsd: "1", provider: { retries: 0, headersTimeoutMs: 400, bodyTimeoutMs: 400 } });
    const failing = [
      { status: 500 },
      { status: 429 },
      { status: 400 },
      { drop_after: 0 },
      { hang: true },
      { malformed: true },
      { no_usage: true },
    ];
    const streaming = [{ drop_after: 3 }, { error_after: 3 }, { stall_after: 3 }, { no_usage: true }, { malformed: true }];
    const bodies = [
      ...failing.map((directive) => chatBody({ out: 20, ...directive })),
      ...streaming.map((directive) => chatBody({ out: 20, ...directive }, { stream: true })),
      chatBody({}, { model: "no-such-model" }),
      chatBody({}, { max_tokens: -1 }),
    ];
    await Promise.all(bodies.map(async (body) => (await kit.call(body)).text().catch(() => "")));
    const leaving = new AbortController();
    const left = kit.call(chatBody({ out: 20, ttft_ms: 200 }), { signal: leaving.signal }).catch(() => {});
    await expect.poll(() => kit.desk.openHolds(), { interval: 5 }).toBeGreaterThan(0);
    leaving.abort();
    await left;
    const traces = await kit.settled(failing.length + streaming.length + 1);
    const account = await kit.account();
    const booked = traces.reduce((sum, trace) => sum + (trace.unit_cost_usd === null ? 0n : usd(trace.unit_cost_usd)), 0n);
    expect([account.heldNano, account.spentNano]).toEqual([0n, booked]);
    expect(account.freeNano).toBe(account.limitNano - account.spentNano - account.inDoubtNano);
    expect(account.inDoubtNano).toBe((await kit.store.holdsInDoubt(100)).reduce((sum, { heldNano }) => sum + heldNano, 0n));
    expect((await kit.store.verify()).findings).toEqual([]);
  });

  // 21: litellm #36926, one process, and the call after the last one was refused for two minutes.
  it("is free again when its call has ended: one after another, as many calls fit as the money carries, and not one fewer", async () => {
    const kit = await open();
    await kit.call(chatBody({ out: 20 }));
    const [probe] = await kit.settled(1);
    const [cost, held] = [usd(probe!.unit_cost_usd!), usd(probe!.held_usd)];
    expect(held > cost).toBe(true);
    await kit.budget({ team: "core" }, "1", { limitNano: 19n * cost + held });
    const { secret } = await kit.key({ tenant: "acme", team: "core" });
    const statuses: number[] = [];
    for (let call = 0; call < 21; call++) {
      const answer = await kit.call(chatBody({ out: 20 }), { secret });
      statuses.push(answer.status);
      await answer.text();
    }
    expect(statuses).toEqual([...Array<number>(20).fill(200), 429]);
  });

  // 24: litellm #36592, calls of some addresses were never settled; 54: litellm #36646, #10238, or left no row.
  it("is settled at every address that is served, with a trace of its cost", async () => {
    const kit = await open();
    const question = { messages: [{ role: "user", content: "hi" }], max_tokens: 50 };
    const bodies = [
      ["chat/completions", { model: "gpt-4o-mini", ...question }],
      ["chat/completions", { model: "gpt-4o-mini", stream: true, ...question }],
      ["messages", { model: "claude-haiku-4-5", ...question }],
      ["messages", { model: "claude-haiku-4-5", stream: true, ...question }],
      ["responses", { model: "gpt-4o-mini", input: "hi", max_output_tokens: 50 }],
      ["responses", { model: "gpt-4o-mini", input: "hi", max_output_tokens: 50, stream: true }],
      ["embeddings", { model: "text-embedding-3-small", input: "hello there" }],
    ] as const;
    for (const [path, body] of bodies) {
      const answer = await kit.call(JSON.stringify(body), { path: `/v1/${path}` });
      expect([path, answer.status]).toEqual([path, 200]);
      await answer.text();
    }
    const traces = await kit.settled(bodies.length);
    expect(traces.every(({ unit_cost_usd, cost_basis }) => cost_basis === "measured" && usd(unit_cost_usd!) > 0n)).toBe(true);
    const { heldNano, spentNano } = await kit.account();
    expect([heldNano, spentNano]).toEqual([0n, traces.reduce((sum, { unit_cost_usd }) => sum + usd(unit_cost_usd!), 0n)]);
  });
});

describe("the number that refuses", () => {
  // 20: litellm #40050, 111.29 enforced and 55.74 recorded.
  it("is the number that the API, the metrics and the traces show, to the last digit", async () => {
    const kit = await open({ limitUsd: "1" });
    const claude = JSON.stringify({ ...JSON.parse(chatBody({ out: 30 })), model: "claude-haiku-4-5" });
    const stream = JSON.stringify({ ...JSON.parse(claude), stream: true });
    for (const body of [claude, stream, claude]) await (await kit.call(body, { path: "/v1/messages" })).text();
    await (await kit.call(chatBody({ out: 7 }))).text();
    const traces = await kit.settled(4);
    const { spentNano } = await kit.account();
    const spent = formatUsd(spentNano);
    expect(spentNano).toBe(traces.reduce((sum, { unit_cost_usd }) => sum + usd(unit_cost_usd!), 0n));
    expect((await kit.ask("GET", "/api/v1/budgets")).json.budgets[0].account).toMatchObject({ spent_usd: spent, held_usd: "0" });
    expect((await kit.ask("GET", "/api/ai-budget/tenant/acme")).json.budgets[0].current_usage_usd).toBe(Number(spent));
    expect((await kit.ask("GET", "/metrics")).text).toContain(`ballast_account_spent_usd{budget="tenant=acme"} ${Number(spent)}\n`);
    await kit.budget(ACME, "1", { covers: "rest", limitNano: spentNano });
    expect((await kit.refusal(await kit.call(chatBody()))).ballast.spent_usd).toBe(spent);
  });

  // 22: litellm #27735, a key was refused while its page showed room; 31: litellm #20615, #22726, "budget exceeded" of no budget anybody knew.
  it("is told with the refusal, and the API shows the same: what is free is less than what the call may cost", async () => {
    const kit = await open({ limitUsd: "0.0003" });
    let refused: Response | undefined;
    for (let call = 0; call < 20 && !refused; call++) {
      const answer = await kit.call(chatBody({ out: 100 }));
      if (answer.status === 429) refused = answer;
      else await answer.text();
    }
    const { ballast } = await kit.refusal(refused!);
    const [shown] = (await kit.ask("GET", "/api/v1/budgets")).json.budgets;
    expect(shown.id).toBe(ballast.budget);
    expect(shown.account).toMatchObject({
      spent_usd: ballast.spent_usd,
      free_usd: ballast.free_usd,
      window_end: new Date(ballast.reset_at!).toISOString(),
    });
    expect(usd(shown.account.free_usd) < usd(ballast.needed_usd!)).toBe(true);
  });

  // 31, continued.
  it("is never that of no budget: a call under none is let through", async () => {
    const lives = await ledger("2026-11-21T12:00:00Z");
    await lives.budget({ tenant: "other" }, 0n);
    expect(await lives.desk.hold("h1", [ACME], usd("1000000"), lives.at)).toMatchObject({ outcome: "held", hold: { accounts: [] } });
  });

  // 25: litellm #28247, every pod that started added the stored spend once more; 26: litellm #30460, Redis 50 and database 14.
  it("stays what it was through any number of starts, in order and not", async () => {
    const lives = await ledger("2026-11-21T12:00:00Z");
    await lives.budget(ACME, 10_000n);
    for (let life = 1; life <= 4; life++) {
      await lives.settle(`h${life}`, 500n, 100n);
      if (life % 2 === 0) await lives.crash();
      else {
        await lives.desk.giveBackIdle("all", lives.at);
        await lives.store.close();
      }
      await lives.start();
      const [account] = await lives.desk.status(["tenant=acme"], lives.at);
      expect(account!.spentNano).toBe(BigInt(life) * 100n);
      expect((await lives.store.verify()).findings).toEqual([]);
    }
  });

  // 32: maximhq/bifrost #5770, a rule at 99 % fired at $0.40 of $15, where another window was at 99 %.
  it("is that of its own window: a day and a month on the same scope cross their own thresholds", async () => {
    const kit = await open();
    await kit.ask("POST", "/api/v1/budgets/tenant=acme", { limit_usd: 15, thresholds: [50, 80, 99] });
    await kit.ask("POST", "/api/v1/budgets/tenant=acme", { limit_usd: "0.4", window: "day", thresholds: [50, 80, 99] });
    const body = { tenant_id: "acme", model: "gpt-4o-mini", prompt_tokens: 1, completion_tokens: 1, cost_usd: 0.4 };
    expect((await kit.ask("POST", "/api/ai-budget/track", body)).status).toBe(200);
    const { budgets } = (await kit.ask("GET", "/api/v1/budgets")).json;
    const percents = budgets.map(({ window, account }: { window: string; account: { percent_used: number } }) => [
      window,
      account.percent_used,
    ]);
    expect(percents.sort()).toEqual([
      ["day", 100],
      ["month", 2.67],
    ]);
    const accounts = budgets.map(({ account }: { account: { id: string } }) => account.id);
    const crossed = (await kit.store.crossings(accounts)).map(({ account, percent }) => [account.includes("window=day"), percent]);
    expect(crossed).toEqual([50, 80, 99].map((percent) => [true, percent]));
  });

  // 33: wso2/api-platform #2936, #2932, a token limit was charged 1 a request, 150 times too little; 75: agentgateway #2626, money and not tokens.
  it("counts what a call cost, not that there was one", async () => {
    const kit = await open();
    await kit.call(chatBody({ out: 1 }, { max_tokens: 3000 }));
    await kit.call(chatBody({ out: 3000 }, { max_tokens: 3000 }));
    const [small, large] = (await kit.settled(2)).map(({ unit_cost_usd }) => usd(unit_cost_usd!));
    expect([small, large]).toEqual([4n * 150n + 600n, 4n * 150n + 3000n * 600n]);
    expect((await kit.account()).spentNano).toBe(small! + large!);
  });
});

describe("a window", () => {
  // 27: litellm #40940, a reset reached one pod; 28: litellm #34896, #40978, it came late by the zone's offset; 29: litellm #24675, #5651, the default budget's never.
  it.each([
    ["a budget", false],
    ["a tenant's default budget", true],
  ])("begins at its instant in its zone, for every gateway, and no job has to run: %s", async (_name, byDefault) => {
    const lives = new LedgerLives("2026-10-31T22:59:59.999Z");
    close = () => lives.close();
    const limits = { ...DEFAULT_LIMITS, limitNano: 1000n, zone: "Europe/Berlin" };
    await lives.start(byDefault ? limits : null);
    if (!byDefault) await lives.budget(ACME, 1000n, { zone: "Europe/Berlin" });
    const other = lives.another();
    await lives.settle("october", 1000n, 1000n);
    expect((await lives.desk.hold("late", [ACME], 1n, lives.at)).outcome).toBe("refused");
    expect((await other.hold("late too", [ACME], 1n, lives.at)).outcome).toBe("refused");
    lives.at += 1;
    expect((await other.hold("november", [ACME], 400n, lives.at)).outcome).toBe("held");
    expect((await lives.desk.hold("november too", [ACME], 400n, lives.at)).outcome).toBe("held");
  });

  // 27, continued: a call that began before a reset and ended after it.
  it("pays for the calls that began in it, whenever they end", async () => {
    const lives = await ledger("2026-11-30T23:59:59Z");
    await lives.budget(ACME, 1000n);
    const result = await lives.desk.hold("h1", [ACME], 700n, lives.at);
    if (result.outcome !== "held") throw new Error("refused");
    const november = lives.at;
    lives.at += 2000;
    await lives.desk.end(endingOf("h1", result.hold.accounts, 700n, 600n, lives.at));
    await expect.poll(async () => (await lives.desk.status(["tenant=acme"], november))[0]!.spentNano).toBe(600n);
    expect((await lives.desk.status(["tenant=acme"], lives.at))[0]).toMatchObject({ spentNano: 0n, heldNano: 0n, freeNano: 1000n });
  });
});
