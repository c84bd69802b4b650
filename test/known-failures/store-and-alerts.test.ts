import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config/read-config.ts";
import { usd } from "../../src/core/money/usd.ts";
import { chatBody } from "../../src/gateway/gateway-test-kit.ts";
import { startBallast } from "../../src/serve.ts";
import { createLogger } from "../../src/telemetry/logger.ts";
import { LedgerLives, openFailureKit } from "./failure-kit.ts";

/* Complaints 59 to 79 of docs/reference/known-failures.md, as far as no other test proves them already. */
const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

describe("many calls at once", () => {
  // 59: BerriAI/litellm #6895, #27989, #34887, deadlocks dropped spend for good; 60: litellm #1714, #11334, #18708, the pool was used up.
  it("that end on the same accounts in any order are all booked, without a deadlock", async () => {
    const lives = await new LedgerLives("2026-11-21T12:00:00Z").start();
    ended.push(() => lives.close());
    const teams = ["a", "b", "c"];
    await lives.budget({}, usd("1000"));
    for (const team of teams) await lives.budget({ team }, usd("1000"));
    const calls = Array.from({ length: 600 }, (_, call) =>
      lives.settle(`h${call}`, 1000n, BigInt(call), { tenant: "acme", team: teams[call % 3]! }),
    );
    await Promise.all(calls);
    const spent = async () =>
      (await lives.desk.status(["*", ...teams.map((team) => `team=${team}`)], lives.at)).map(({ spentNano }) => spentNano);
    const sum = (600n * 599n) / 2n;
    await expect.poll(async () => (await spent())[0]).toBe(sum);
    const [, ...parts] = await spent();
    expect(parts.reduce((total, part) => total + part, 0n)).toBe(sum);
    expect((await lives.store.verify()).findings).toEqual([]);
  });

  // 66: maximhq/bifrost telemetry 1.9.1, the gauge of active requests drifted with every caller who left.
  it("whose callers leave are calls under way no longer, by the gauge too", async () => {
    const folder = mkdtempSync(join(tmpdir(), "ballast-gauge-"));
    ended.push(() => rmSync(folder, { recursive: true, force: true }));
    const provider = "providers: [{ name: sim, kind: sim, price_list: openai, models: [gpt-4o-mini] }]";
    const yaml = [`data_dir: ${folder}/data`, "listen: { port: 0 }", "stores: { warehouse: none }", provider].join("\n");
    const config = parseConfig(yaml, "(test)", { environment: () => undefined });
    const ballast = await startBallast(config, { log: createLogger({ level: "silent" }) });
    ended.push(() => ballast.close());
    const { secret } = await ballast.keys.create(
      { name: "t", scope: { tenant: "acme" }, mayName: [], models: [], expiresAt: null },
      "test",
    );
    const gauge = async () => Number(/^ballast_calls_in_flight (\S+)$/m.exec(await (await fetch(`${ballast.url}/metrics`)).text())?.[1]);
    const leaving = new AbortController();
    const headers = { authorization: `Bearer ${secret}`, "content-type": "application/json" };
    const body = chatBody({ out: 150, tokens_per_s: 100 }, { stream: true });
    const calls = Array.from({ length: 30 }, () =>
      fetch(`${ballast.url}/v1/chat/completions`, { method: "POST", headers, body, signal: leaving.signal }).catch(() => {}),
    );
    await expect.poll(gauge, { timeout: 10_000 }).toBe(30);
    leaving.abort();
    await Promise.all(calls);
    await expect.poll(gauge, { timeout: 10_000 }).toBe(0);
  });
});

describe("a budget that is added later", () => {
  // 79: the documentation of litellm, "Existing spend counts against a budget added later": it blocked at once.
  it("counts from the moment it is there, so that it refuses nobody for what was spent before", async () => {
    const kit = await openFailureKit({}, { tenant: "acme", team: "core" });
    ended.push(kit.close);
    for (let call = 0; call < 8; call++) await kit.call(chatBody({ out: 200 }));
    const spent = (await kit.settled(8)).reduce((sum, { unit_cost_usd }) => sum + usd(unit_cost_usd!), 0n);
    await kit.budget({ team: "core" }, "1", { limitNano: spent });
    expect((await kit.account("team=core")).spentNano).toBe(0n);
    const next = await kit.call(chatBody({ out: 1 }));
    expect([next.status, await next.text()]).toEqual([200, expect.any(String)]);
  });
});
