import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { usd } from "../../src/core/money/usd.ts";
import { type PostgresServer, postgresIsHere, startPostgres } from "../servers/postgres-server.ts";
import { type RedisServer, redisIsHere, startRedis } from "../servers/redis-server.ts";
import { BallastProcess } from "./ballast-process.ts";

/* Two gateways on one ledger and one cache, and a cache that fails in every way. What is shown and refused is checked against the ledger. */
const areHere = [postgresIsHere(), redisIsHere()].every((here) => here);
const WARNING = "the shared cache is not in use";

interface Status {
  readonly total_usage_usd: number;
  readonly total_limit_usd: number;
}

describe.skipIf(!areHere)("two gateways with Redis between them", () => {
  let postgres: PostgresServer;
  let redis: RedisServer;
  let one: BallastProcess;
  let other: BallastProcess;
  const secrets = new Map<string, string>();
  /** What the last refused call would have held. */
  let neededUsd = "";

  beforeAll(async () => {
    [postgres, redis] = [await startPostgres(), await startRedis()];
    const yaml = [
      'providers: [{ name: openai, kind: sim, price_list: openai, models: ["gpt-*"] }]',
      `stores: { ledger: "${await postgres.database()}", warehouse: none, cache: "${redis.url}" }`,
    ].join("\n");
    [one, other] = [new BallastProcess(yaml), new BallastProcess(yaml)];
    await one.start();
    await other.start();
  }, 60_000);
  afterAll(async () => {
    for (const ballast of [one, other]) await ballast?.remove();
    await redis?.close();
    await postgres?.close();
  });

  async function tenant(name: string, limitUsd: string): Promise<void> {
    await one.api("POST", `/api/v1/budgets/tenant=${name}`, { limit_usd: limitUsd });
    const { secret } = await one.api<{ secret: string }>("POST", "/api/v1/keys", { name, scope: { tenant: name } });
    secrets.set(name, secret);
    // The other learns of both within a beat.
    await until(`${name} is known everywhere`, async () => (await call(other, name)) !== 401);
  }

  async function look(ballast: BallastProcess, name: string, headers: Record<string, string> = {}) {
    const begun = performance.now();
    const answer = await fetch(`${ballast.url}/api/ai-budget/tenant/${name}`, { headers });
    expect(answer.status).toBe(200);
    const age = answer.headers.get("age");
    return { age: age === null ? undefined : Number(age), status: (await answer.json()) as Status, tookMs: performance.now() - begun };
  }

  async function usage(ballast: BallastProcess, name: string): Promise<number> {
    return (await look(ballast, name)).status.total_usage_usd;
  }

  const track = (ballast: BallastProcess, name: string, cost: number) =>
    ballast.api("POST", "/api/ai-budget/track", { tenant_id: name, model: "m", prompt_tokens: 1, completion_tokens: 1, cost_usd: cost });

  async function call(ballast: BallastProcess, name: string): Promise<number> {
    const answer = await fetch(`${ballast.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${secrets.get(name)}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "gpt-4o-mini", max_tokens: 500, messages: [{ role: "user", content: 'Hi [[sim {"out":400}]]' }] }),
    });
    const body = (await answer.json()) as { error?: { ballast?: { needed_usd?: string } } };
    neededUsd = body.error?.ballast?.needed_usd ?? neededUsd;
    return answer.status;
  }

  async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
    for (let turn = 0; turn < 400; turn++) {
      if (await holds()) return;
      await sleep(50);
    }
    throw new Error(`not within 20 s: ${what}\n${one.output}\n${other.output}`);
  }

  async function cacheCheck(ballast: BallastProcess) {
    const answer = await fetch(`${ballast.url}/readyz`);
    const { checks } = (await answer.json()) as { checks: { name: string; ok: boolean; degraded?: boolean; detail: string }[] };
    return { status: answer.status, check: checks.find(({ name }) => name === "cache")! };
  }

  const isUp = async (ballast: BallastProcess) => (await cacheCheck(ballast)).check.degraded === undefined;
  const bothAreUp = () => until("both use the cache", async () => (await isUp(one)) && (await isUp(other)));
  const warnings = () => [one, other].map(({ output }) => output.split(WARNING).length - 1);

  /** Books and calls on both until the tenant's budget is used up: what is shown is what is booked, and what is refused is over. */
  async function spendAll(name: string, limitUsd: string): Promise<void> {
    await tenant(name, limitUsd);
    let slowestMs = 0;
    const outcomes = new Map<number, number>();
    for (let turn = 0; !(outcomes.get(429)! >= 4); turn++) {
      if (turn > 200) throw new Error(`200 calls of ${name} did not use its budget up: ${JSON.stringify([...outcomes])}`);
      for (const ballast of [one, other]) {
        const code = await call(ballast, name);
        outcomes.set(code, (outcomes.get(code) ?? 0) + 1);
        const { tookMs } = await look(ballast, name);
        slowestMs = Math.max(slowestMs, tookMs);
      }
    }
    expect([...outcomes.keys()].sort()).toEqual([200, 429]);
    expect(slowestMs).toBeLessThan(1000);
    const fresh = { "cache-control": "no-cache" };
    for (const ballast of [one, other]) {
      const isSettled = async () =>
        JSON.stringify((await look(ballast, name)).status.total_usage_usd) ===
        JSON.stringify((await look(ballast, name, fresh)).status.total_usage_usd);
      await until("what is shown is what is booked", isSettled);
    }
    // Refused rightly: what is left carries no such call, and no more than the limit is spent.
    const spentNano = usd(String((await look(one, name, fresh)).status.total_usage_usd));
    expect(spentNano <= usd(limitUsd)).toBe(true);
    expect(usd(limitUsd) - spentNano < usd(neededUsd)).toBe(true);
    const { findings } = await one.api<{ findings: string[] }>("POST", "/api/v1/verify", {});
    expect(findings).toEqual([]);
  }

  it("shows what one booked at the other, at once when it was reported and within moments when it was a call", async () => {
    await bothAreUp();
    await tenant("acme", "10");
    await until("the first call is booked", async () => (await usage(one, "acme")) > 0);
    const before = await usage(one, "acme");
    await until("a kept answer", async () => (await look(other, "acme")).age !== undefined);
    for (let turn = 1; turn <= 20; turn++) {
      const [here, there] = turn % 2 === 0 ? [one, other] : [other, one];
      await look(there, "acme");
      await track(here, "acme", 0.01);
      expect(Math.round((await usage(there, "acme")) * 1e6)).toBe(Math.round(before * 1e6) + turn * 10_000);
    }
    await until("a kept answer", async () => (await look(one, "acme")).age !== undefined);
    const known = await usage(one, "acme");
    expect(await call(other, "acme")).toBe(200);
    const begun = performance.now();
    await until("the call is shown", async () => (await usage(one, "acme")) > known);
    expect(performance.now() - begun).toBeLessThan(3000);
    await one.api("POST", "/api/ai-budget/set", { tenant_id: "acme", model: "*", monthly_limit_usd: 20 });
    await until("the limit is shown", async () => (await look(other, "acme")).status.total_limit_usd === 20);
  }, 60_000);

  it("refuses what is over and nothing else, with the cache well", () => spendAll("well", "0.01"), 90_000);

  it("goes on from the ledger while Redis hangs, with one line in the log of each", async () => {
    await bothAreUp();
    const known = warnings();
    redis.pause();
    try {
      await track(one, "acme", 0.01);
      await spendAll("hangs", "0.01");
      await until("both say so", async () => {
        const states = [await cacheCheck(one), await cacheCheck(other)];
        return states.every(({ status, check }) => status === 200 && check.ok && check.degraded === true);
      });
      await expect.poll(warnings, { timeout: 10_000 }).toEqual(known.map((lines) => lines + 1));
      expect(await (await fetch(`${one.url}/metrics`)).text()).toContain("ballast_cache_up 0\n");
    } finally {
      redis.resume();
    }
    await bothAreUp();
  }, 120_000);

  it("goes on while Redis is killed, comes back empty, and is filled with garbage under our keys", async () => {
    const known = warnings();
    await redis.kill();
    await spendAll("killed", "0.01");
    await expect.poll(warnings, { timeout: 10_000 }).toEqual(known.map((lines) => lines + 1));
    await redis.start();
    await bothAreUp();
    await look(one, "killed");
    const forged = JSON.stringify({ tenant_id: "killed", budgets: [], total_usage_usd: 0, total_limit_usd: 1e6 });
    for (const garbage of [
      "",
      "null",
      "{}",
      forged,
      `{"at":${Date.now()},"state":"","seen":"","status":${forged}}`,
      "\u0000".repeat(2_000_000),
    ]) {
      for (const key of ["of:killed", "marker:killed", "marker"]) await redis.command("SET", `ballast:status:${key}`, garbage);
      for (const ballast of [one, other]) expect((await look(ballast, "killed")).status.total_limit_usd).toBe(0.01);
    }
    for (const key of ["of:killed", "marker:killed", "marker"]) {
      await redis.command("DEL", `ballast:status:${key}`);
      await redis.command("RPUSH", `ballast:status:${key}`, "x");
    }
    for (const ballast of [one, other]) expect((await look(ballast, "killed")).status.total_limit_usd).toBe(0.01);
    expect(await call(one, "killed")).toBe(429);
  }, 120_000);
});
