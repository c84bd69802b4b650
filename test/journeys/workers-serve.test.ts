import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BallastProcess } from "./ballast-process.ts";

interface Books {
  findings: string[];
  warehouse: { traces: number };
}

const YAML = `providers:
  - { name: openai, kind: sim, price_list: openai, models: ["gpt-*"] }
gateway: { workers: 2 }
telemetry: { log_level: warn }
`;

describe("ballast serve with two workers on the embedded ledger", () => {
  let ballast: BallastProcess;
  beforeAll(async () => {
    ballast = new BallastProcess(YAML);
    await ballast.start();
  });
  afterAll(() => ballast.remove());

  const key = async () => (await ballast.api<{ secret: string }>("POST", "/api/v1/keys", { name: "k", scope: { tenant: "acme" } })).secret;

  async function call(secret: string): Promise<number> {
    const answer = await fetch(`${ballast.url}/v1/chat/completions`, {
      method: "POST",
      // A connection of its own, so that the calls come to both workers.
      headers: { authorization: `Bearer ${secret}`, "content-type": "application/json", connection: "close" },
      body: JSON.stringify({ model: "gpt-4o-mini", max_tokens: 50, messages: [{ role: "user", content: "hi" }] }),
    });
    await answer.arrayBuffer();
    return answer.status;
  }

  /** The gateway processes: children of the server that are neither provider nor warehouse. */
  function workers(): number[] {
    const rows = execFileSync("ps", ["-o", "pid=,args=", "--ppid", String(ballast.pid)], { encoding: "utf8" }).split("\n");
    return rows.filter((row) => row.includes("gateway-worker")).map((row) => Number.parseInt(row, 10));
  }

  it("takes a new key and its calls on every worker, counts them once, and shows them as one server", async () => {
    const secret = await key();
    const statuses = await Promise.all(Array.from({ length: 40 }, () => call(secret)));
    expect(new Set(statuses)).toEqual(new Set([200]));
    await expect.poll(async () => (await ballast.api<Books>("POST", "/api/v1/verify", {})).warehouse.traces, { timeout: 15_000 }).toBe(40);
    const metrics = await (await fetch(`${ballast.url}/metrics`)).text();
    expect(metrics).toMatch(/requests_total\{tenant="acme".*outcome="complete"\} 40/);
  });

  it("starts a worker again that was killed, whose calls its journal tells", async () => {
    const secret = await key();
    const [victim] = workers();
    const load = Array.from({ length: 20 }, () => call(secret).catch(() => 0));
    process.kill(victim!, "SIGKILL");
    await Promise.all(load);
    await expect.poll(() => workers().filter((pid) => pid !== victim).length, { timeout: 15_000 }).toBe(2);
    await sleep(500);
    expect(await Promise.all(Array.from({ length: 10 }, () => call(secret)))).toEqual(Array.from({ length: 10 }, () => 200));
    expect((await ballast.api<Books>("POST", "/api/v1/verify", {})).findings).toEqual([]);
  });

  it("stops in order, and finds what workers left behind when it starts without them", async () => {
    const secret = await key();
    await call(secret);
    for (const pid of [...workers(), ballast.pid!]) process.kill(pid, "SIGKILL");
    await ballast.kill("SIGKILL");
    await ballast.start(["--workers", "1"]);
    expect(workers()).toEqual([]);
    const { budgets } = await ballast.api<{ budgets: { account: { leased_usd: string } }[] }>("GET", "/api/v1/budgets");
    expect(budgets.map(({ account }) => account.leased_usd)).toEqual(["0"]);
    expect((await ballast.api<Books>("POST", "/api/v1/verify", {})).findings).toEqual([]);
    expect(await ballast.kill("SIGTERM")).toBe(0);
  });
});
