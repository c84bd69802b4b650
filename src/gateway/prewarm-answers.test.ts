import { afterEach, describe, expect, it } from "vitest";
import { type GatewayKit, openGatewayKit } from "./gateway-test-kit.ts";

const kits: GatewayKit[] = [];
afterEach(async () => {
  await Promise.all(kits.splice(0).map((kit) => kit.close()));
});

const MINUTE_MS = 60_000;

/** A gateway whose clock can be turned on, at level 1: answers last ten minutes. */
async function aKit(levers: Readonly<Record<string, number>> = { cache_prewarm: 50, cache_aggressiveness: 1 }) {
  let ahead = 0;
  const kit = await openGatewayKit();
  kits.push(kit);
  const now = kit.gateway.now;
  Object.assign(kit.gateway, { now: () => now() + ahead });
  let revision = 0;
  const turn = (values: Readonly<Record<string, number>>) => {
    const states = Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, { value, before: 0, changedAt: 0, probation: null }]),
    );
    kit.levers.renew([{ subject: "use_case:desk", revision: ++revision, state: { levers: states, reached: [] } as never }]);
  };
  turn(levers);
  const made = await kit.key({ tenant: "acme", use_case: "desk" });
  const ask = async (question: string, more: Record<string, unknown> = {}) => {
    const body = JSON.stringify({ model: "gpt-4o-mini", max_tokens: 20, messages: [{ role: "user", content: question }], ...more });
    const headers = { authorization: `Bearer ${made.secret}`, "content-type": "application/json" };
    const answer = await fetch(`${kit.url}/v1/chat/completions`, { method: "POST", headers, body });
    await answer.text();
    return answer.headers.get("x-ballast-cache");
  };
  return { kit, key: made.key, turn, ask, pass: (ms: number) => (ahead += ms), prewarm: () => kit.prewarm.turn(kit.gateway) };
}

describe("answers that are asked for again and again", () => {
  it("are had anew before they are too old, held and booked like any call, at priority p2", async () => {
    const { kit, ask, pass, prewarm } = await aKit();
    for (let turn = 0; turn < 3; turn++) await ask("How do I pay?");
    await ask("How do I leave?");
    expect(await prewarm()).toBe(0);
    pass(9 * MINUTE_MS);
    expect(await prewarm()).toBe(1);
    const traces = await kit.settled(5);
    expect(traces[4]).toMatchObject({ outcome: "complete", priority: "p2", levers: ["cache_prewarm=50"], cost_basis: "measured" });
    expect(Number(traces[4]!.unit_cost_usd)).toBeGreaterThan(0);
    pass(2 * MINUTE_MS);
    expect([await ask("How do I pay?"), await ask("How do I leave?")]).toEqual(["exact", "none"]);
  });

  it("are kept whatever the share of the holdout is: nobody measures by a call that nobody made", async () => {
    const { kit, ask, pass, prewarm } = await aKit();
    for (let turn = 0; turn < 3; turn++) await ask("How do I pay?");
    pass(9 * MINUTE_MS);
    Object.assign(kit.gateway, { settings: { ...kit.gateway.settings, holdoutShare: 1 } });
    expect(await prewarm()).toBe(1);
    Object.assign(kit.gateway, { settings: { ...kit.gateway.settings, holdoutShare: 0 } });
    pass(2 * MINUTE_MS);
    expect(await ask("How do I pay?")).toBe("exact");
    expect((await kit.settled(5)).filter(({ holdout }) => holdout)).toEqual([]);
  });

  it("are streams where they were asked for as streams", async () => {
    const { ask, pass, prewarm } = await aKit();
    for (let turn = 0; turn < 3; turn++) await ask("How do I pay?", { stream: true });
    pass(9 * MINUTE_MS);
    expect(await prewarm()).toBe(1);
    pass(2 * MINUTE_MS);
    expect([await ask("How do I pay?", { stream: true }), await ask("How do I pay?")]).toEqual(["exact", "none"]);
  });

  it("are had anew once, and again only when callers have asked again", async () => {
    const { ask, pass, prewarm } = await aKit();
    for (let turn = 0; turn < 3; turn++) await ask("How do I pay?");
    pass(9 * MINUTE_MS);
    expect([await prewarm(), await prewarm()]).toEqual([1, 0]);
    pass(9 * MINUTE_MS);
    expect(await prewarm()).toBe(0);
  });

  it("are as many as the lever says, the most frequent first", async () => {
    const { kit, ask, pass, prewarm } = await aKit({ cache_prewarm: 1, cache_aggressiveness: 1 });
    for (let turn = 0; turn < 3; turn++) await ask("How do I pay?");
    for (let turn = 0; turn < 5; turn++) await ask("How do I leave?");
    pass(9 * MINUTE_MS);
    expect(await prewarm()).toBe(1);
    pass(2 * MINUTE_MS);
    expect([await ask("How do I leave?"), await ask("How do I pay?")]).toEqual(["exact", "none"]);
    expect((await kit.settled(11)).filter(({ levers }) => levers?.includes("cache_prewarm=1")).length).toBe(1);
  });

  it.each([
    ["the lever is turned back", { cache_prewarm: 0, cache_aggressiveness: 1 }],
    ["callers of their priority have to wait", { cache_prewarm: 50, cache_aggressiveness: 1, pace_p2: 75 }],
    ["only caches may answer", { cache_prewarm: 50, cache_aggressiveness: 1, cache_only: 1 }],
  ])("are left alone when %s", async (_, levers) => {
    const { ask, pass, prewarm, turn } = await aKit();
    for (let again = 0; again < 3; again++) await ask("How do I pay?");
    pass(9 * MINUTE_MS);
    turn(levers);
    expect(await prewarm()).toBe(0);
  });

  it("are not asked for with a key that was revoked", async () => {
    const { kit, key, ask, pass, prewarm } = await aKit();
    for (let turn = 0; turn < 3; turn++) await ask("How do I pay?");
    await kit.keys.revoke(key.id, "test", "");
    pass(9 * MINUTE_MS);
    await prewarm();
    expect((await kit.settled(3)).length).toBe(3);
  });
});
