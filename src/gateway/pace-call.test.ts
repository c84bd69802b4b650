import { afterEach, describe, expect, it } from "vitest";
import { call, type LeverKit, openLeverKit } from "./lever-test-kit.ts";

let lever: LeverKit;
afterEach(() => lever.close());

async function open(options: Parameters<typeof openLeverKit>[0] = {}) {
  lever = await openLeverKit(options);
  const { secret } = await lever.kit.key({ tenant: "acme", use_case: "desk" });
  let asked = 0;
  const body = (content: string) => ({ model: "gpt-4o-mini", max_tokens: 100, messages: [{ role: "user", content }] });
  const ask = (priority: string | undefined, headers: Record<string, string> = {}, content = `question ${asked++}`) =>
    call(lever.kit, secret, body(content), { ...(priority && { "x-ballast-priority": priority }), ...headers });
  const many = async (calls: number, priority?: string) => {
    const statuses: number[] = [];
    for (let number = 0; number < calls; number++) statuses.push((await ask(priority)).status);
    return statuses;
  };
  return { ask, many };
}

describe("pacing", () => {
  it("lets the share of a priority through, evenly, and tells the others to come again, with nothing held or booked", async () => {
    const { many, ask } = await open();
    lever.turn("use_case:desk", { pace_p2: 50 });
    expect(await many(8, "p2")).toEqual([200, 429, 200, 429, 200, 429, 200, 429]);
    lever.turn("use_case:desk", { pace_p2: 0 });
    const paced = await ask("p2");
    expect([paced.status, paced.headers.get("retry-after"), paced.headers.get("x-should-retry")]).toEqual([429, "600", "false"]);
    expect(paced.headers.get("x-ballast-levers")).toBe("pace_p2=0");
    expect(JSON.parse(paced.text).error).toMatchObject({ code: "paced" });
    expect(paced.text).toContain("use_case:desk");
    const traces = await lever.kit.settled(9);
    const refused = traces.filter(({ error_code }) => error_code === "paced");
    expect(refused).toHaveLength(5);
    for (const trace of refused) {
      expect(trace).toMatchObject({ outcome: "refused", cost_basis: "none", held_usd: "0", unit_cost_usd: "0", priority: "p2" });
    }
    expect(refused.at(-1)!.levers).toEqual(["pace_p2=0"]);
    expect(lever.sent).toHaveLength(4);
    expect((await lever.kit.account()).heldNano).toBe(0n);
  });

  it("never holds p0 up, and each other priority by its own lever; a call that names none is p1", async () => {
    const { many } = await open();
    lever.turn("use_case:desk", { pace_p2: 0 });
    expect([await many(2, "p0"), await many(2), await many(2, "p2")]).toEqual([
      [200, 200],
      [200, 200],
      [429, 429],
    ]);
    lever.turn("use_case:desk", { pace_p2: 0, pace_p1: 0 });
    expect([await many(2, "p0"), await many(2), await many(2, "p1")]).toEqual([
      [200, 200],
      [429, 429],
      [429, 429],
    ]);
  });

  it("holds up calls of the holdout too", async () => {
    const { many } = await open({ settings: { holdoutShare: 1 } });
    lever.turn("use_case:desk", { pace_p1: 0 });
    expect(await many(1)).toEqual([429]);
    expect((await lever.kit.settled(1))[0]).toMatchObject({ holdout: true, outcome: "refused" });
  });

  it("lets calls through that an earlier answer serves, and does not count them", async () => {
    const { ask } = await open({ reuse: { exactMs: 60_000 } });
    expect((await ask("p2", {}, "again")).status).toBe(200);
    lever.turn("use_case:desk", { pace_p2: 0 });
    const hit = await ask("p2", {}, "again");
    expect([hit.status, hit.headers.get("x-ballast-cache")]).toEqual([200, "exact"]);
    lever.turn("use_case:desk", { pace_p2: 50 });
    const statuses: number[] = [];
    for (const content of ["again", "new 1", "again", "again", "new 2", "new 3"]) statuses.push((await ask("p2", {}, content)).status);
    expect(statuses).toEqual([200, 200, 200, 200, 429, 200]);
  });

  it("goes by the subject that lets the least through, one account for all its calls", async () => {
    const { many } = await open();
    lever.turn("use_case:desk", { pace_p1: 75 });
    lever.turn("provider:sim", { pace_p1: 25 });
    const statuses = await many(8);
    expect(statuses.filter((status) => status === 200)).toHaveLength(2);
    expect([...lever.kit.gateway.pacing.keys()]).toEqual(["provider:sim"]);
  });

  it("lets a paced call be sent again under its Idempotency-Key", async () => {
    const { ask } = await open();
    lever.turn("use_case:desk", { pace_p1: 0 });
    expect((await ask("p1", { "idempotency-key": "k" }, "same")).status).toBe(429);
    lever.turn("use_case:desk", {});
    expect((await ask("p1", { "idempotency-key": "k" }, "same")).status).toBe(200);
  });
});
