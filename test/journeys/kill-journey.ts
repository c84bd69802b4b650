import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatUsd, usd } from "../../src/core/money/usd.ts";
import { SeededRandom } from "../simulation/seeded-random.ts";
import { BallastProcess } from "./ballast-process.ts";

/*
 * kill -9 of the server under load, again and again on one folder. BALLAST_KILLS=20 kills twenty times (CI does).
 * What a caller was told is checked against what the server knows after its next start.
 */
const KILLS = Number(process.env.BALLAST_KILLS ?? 3);
const SEED = Number(process.env.BALLAST_SEED ?? 1);
const CALLERS = 24;

let ballast: BallastProcess;
let secret: string;
let acknowledged = { callsNano: 0n, tracedIds: new Set<string>(), trackedNano: 0n, tracked: 0 };

interface BudgetView {
  id: string;
  account: { spent_usd: string; in_doubt_usd: string; held_usd: string; leased_usd: string; limit_usd?: string };
}

/** @param ledger the setting stores.ledger, and what ends with the test */
export function killJourney(name: string, ledger: () => Promise<{ setting: string; dispose(): Promise<void> }>): void {
  describe(`kill -9 under load, with the ledger in ${name}`, () => {
    let dispose: () => Promise<void>;
    let slowestStartMs = 0;
    beforeAll(async () => {
      const { setting, dispose: disposeLedger } = await ledger();
      dispose = disposeLedger;
      acknowledged = { callsNano: 0n, tracedIds: new Set(), trackedNano: 0n, tracked: 0 };
      const providers = 'providers:\n  - { name: openai, kind: sim, price_list: openai, models: ["gpt-*"] }\n';
      ballast = new BallastProcess(`${providers}stores: { ledger: "${setting}" }\ntelemetry: { log_level: warn }\n`);
      await ballast.start();
      const made = await ballast.api<{ secret: string }>("POST", "/api/v1/keys", { name: "load", scope: { tenant: "acme" } });
      secret = made.secret;
      // The first call makes the tenant's budget: on a slow machine the first kill may come before it otherwise.
      await call(new SeededRandom(SEED));
    });
    afterAll(async () => {
      await ballast.remove();
      await dispose();
    });

    it.each(Array.from({ length: KILLS }, (_, kill) => kill + 1))(
      `reopens with clean books and nothing lost, kill %i (seed ${SEED})`,
      async (kill) => {
        const random = new SeededRandom(SEED * 100 + kill);
        const stop = { now: false };
        const load = Promise.all(
          Array.from({ length: CALLERS }, (_, caller) => callAgainAndAgain(random.whole(1 << 30), caller, kill, stop)),
        );
        await sleep(250 + random.whole(700));
        await ballast.kill("SIGKILL");
        stop.now = true;
        await load;

        // At the first answer after it everything is put right; how long that takes is told below, and depends on the machine.
        slowestStartMs = Math.max(slowestStartMs, await ballast.start());
        const verdict = await ballast.api<{ ok: boolean; findings: string[] }>("POST", "/api/v1/verify", {});
        expect(verdict.findings).toEqual([]);
        const { budgets } = await ballast.api<{ budgets: BudgetView[] }>("GET", "/api/v1/budgets");
        const { account } = budgets.find((budget) => budget.id === "tenant=acme")!;
        // No hold of the dead process is open any more: each is settled, or in doubt.
        expect([account.held_usd, account.leased_usd]).toEqual(["0", "0"]);
        expect(usd(account.spent_usd) >= acknowledged.callsNano + acknowledged.trackedNano, "an acknowledged settlement was lost").toBe(
          true,
        );
        await drained();
        const total = await ballast.api<{ total: { cost_usd: string; calls: number } }>("GET", "/api/v1/costs?window=24h&tenant=acme");
        expect(total.total.cost_usd).toBe(account.spent_usd);
      },
    );

    it("every acknowledged call has its trace, once", async () => {
      const seen = new Map<string, number>();
      for (const id of acknowledged.tracedIds) seen.set(id, 0);
      const from = new Date(Date.now() - 3_600_000).toISOString();
      const { traces } = await ballast.api<{ traces: { trace_id: string }[] }>(
        "GET",
        `/api/v1/traces?limit=1000&from=${from}&to=${new Date(Date.now() + 60_000).toISOString()}`,
      );
      for (const { trace_id } of traces) if (seen.has(trace_id)) seen.set(trace_id, seen.get(trace_id)! + 1);
      expect(acknowledged.tracedIds.size).toBeGreaterThan(CALLERS);
      if (traces.length < 1000) expect([...seen.values()].every((times) => times === 1)).toBe(true);
      expect([...seen.values()].every((times) => times <= 1)).toBe(true);
      console.log(
        `acknowledged: ${acknowledged.tracedIds.size} calls for ${formatUsd(acknowledged.callsNano)} USD, ${acknowledged.tracked} tracked for ${formatUsd(acknowledged.trackedNano)} USD; slowest start: ${Math.round(slowestStartMs)} ms`,
      );
    });
  });
}

async function drained(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) {
    const { checks } = (await (await fetch(`${ballast.url}/readyz`)).json()) as { checks: { name: string; detail: string }[] };
    if (checks.find((check) => check.name === "ledger")?.detail.startsWith("0 rows")) return;
    await sleep(50);
  }
  throw new Error("the outbox did not drain");
}

async function callAgainAndAgain(seed: number, caller: number, kill: number, stop: { now: boolean }): Promise<void> {
  const random = new SeededRandom(seed);
  for (let number = 0; !stop.now; number++) {
    try {
      if (random.chance(0.2)) await track(`${kill}-${caller}-${number}`);
      else await call(random);
    } catch {
      // The server is gone, or going: whatever was not acknowledged may or may not have been booked.
      await sleep(5);
    }
  }
}

async function call(random: SeededRandom): Promise<void> {
  const out = 20 + random.whole(100);
  const stream = random.chance(0.4);
  const content = `How are you? [[sim ${JSON.stringify({ out, ...(random.chance(0.3) ? { ttft_ms: random.whole(80) } : {}) })}]]`;
  const answer = await fetch(`${ballast.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "gpt-4o-mini", max_tokens: 200, stream, messages: [{ role: "user", content }] }),
  });
  const text = await answer.text();
  if (!answer.ok || (stream && !text.endsWith("data: [DONE]\n\n"))) return;
  acknowledged.callsNano += stream ? 450n + BigInt(out) * 600n : usd(answer.headers.get("x-ballast-cost-usd")!);
  acknowledged.tracedIds.add(answer.headers.get("x-ballast-trace-id")!);
}

async function track(requestId: string): Promise<void> {
  const body = { tenant_id: "acme", model: "gpt-4o-mini", prompt_tokens: 1000, completion_tokens: 100, request_id: requestId };
  const answer = await fetch(`${ballast.url}/api/ai-budget/track`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) return;
  await answer.json();
  acknowledged.trackedNano += 1000n * 150n + 100n * 600n;
  acknowledged.tracked += 1;
}
