import { afterEach, describe, expect, it } from "vitest";
import type { RunawayRule } from "../core/runaway/spend-course.ts";
import { chatBody, type GatewayKit, openGatewayKit } from "./gateway-test-kit.ts";

const MINUTE_MS = 60_000;
const rule: RunawayRule = { factor: 10, windowMs: 5 * MINUTE_MS, floorNano: 0n, stops: true };

let kit: GatewayKit | undefined;
afterEach(async () => {
  await kit?.close();
  kit = undefined;
});

/** A gateway whose clock the test moves, with callers that have spent the same in each of a dozen windows. */
async function aUsualHour(runaway: RunawayRule | undefined, headers: Record<string, string> = {}) {
  const opened = await openGatewayKit(runaway ? { runaway } : {});
  kit = opened;
  const begun = Math.ceil(Date.now() / rule.windowMs) * rule.windowMs;
  let moment = begun;
  Object.assign(opened.gateway, { now: () => moment });
  const { secret, key } = await opened.key({ tenant: "acme" }, { mayName: ["run", "use_case"] });
  const other = await opened.key({ tenant: "acme" }, { mayName: ["run"] });
  const call = (more: Record<string, string> = {}, as = secret) =>
    fetch(`${opened.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${as}`, "content-type": "application/json", ...headers, ...more },
      body: chatBody({ out: 20 }),
    });
  const wait = (ms: number) => {
    moment += ms;
  };
  for (let window = 0; window < 12; window++) {
    expect((await call()).status).toBe(200);
    await opened.settled(window + 1);
    wait(rule.windowMs);
  }
  /** Calls one after the other until one is refused. */
  const callUntilRefused = async (most: number) => {
    for (let made = 0; made < most; made++) {
      const answer = await call();
      if (answer.status !== 200) return { made, answer };
      await opened.settled(13 + made);
    }
    return { made: most, answer: undefined };
  };
  const alerts = async () => (await opened.store.readOutbox("alert", 100)).map(({ payload }) => JSON.parse(payload));
  return { kit: opened, call, wait, callUntilRefused, alerts, key, other };
}

describe("a caller that runs away", () => {
  it("is stopped after the factor times its usual spending, is told why and until when, and told of once", async () => {
    const { callUntilRefused, alerts, call, key, kit: opened } = await aUsualHour(rule);
    const { made, answer } = await callUntilRefused(30);
    // The tenth is at the limit, the eleventh above it; what follows is refused.
    expect(made).toBe(11);
    expect(answer!.status).toBe(429);
    expect(answer!.headers.get("x-should-retry")).toBe("false");
    const retryAfter = Number(answer!.headers.get("retry-after"));
    expect(retryAfter).toBeGreaterThan(0);
    expect(retryAfter).toBeLessThanOrEqual(300);
    const { error } = (await answer!.json()) as { error: Record<string, unknown> };
    expect(error.code).toBe("runaway_throttled");
    expect(error.message).toContain(`api_key ${key.id} spent`);
    expect((await call({ "x-ballast-priority": "p0" })).status).toBe(429);
    const told = await alerts();
    expect(told).toMatchObject([{ type: "runaway_spend", tenant: "acme", who: "api_key", name: key.id, factor: 10, throttled: true }]);
    const refused = (await opened.traces()).filter(({ error_code }) => error_code === "runaway_throttled");
    expect(refused).toHaveLength(2);
    expect(opened.desk.openHolds()).toBe(0);
  });

  it("is let through again by itself when it has waited as long as it was told", async () => {
    const { callUntilRefused, call, wait } = await aUsualHour(rule);
    const { answer } = await callUntilRefused(30);
    const retryAfter = Number(answer!.headers.get("retry-after"));
    wait((retryAfter - 1) * 1000 - 60_000);
    expect((await call()).status).toBe(429);
    wait(61_000);
    expect((await call()).status).toBe(200);
  });

  it("leaves the other keys of its tenant alone, and takes its run along wherever that calls from", async () => {
    const { callUntilRefused, call, other } = await aUsualHour(rule, { "x-ballast-run": "nightly" });
    await callUntilRefused(30);
    expect((await call({ "x-ballast-run": "another" }, other.secret)).status).toBe(200);
    const sameRun = await call({}, other.secret);
    expect(sameRun.status).toBe(429);
    expect(((await sameRun.json()) as { error: { message: string } }).error.message).toContain("run nightly spent");
  });

  it("is only told of where nobody is to be stopped, and not even that below the floor or where it is off", async () => {
    const told = await aUsualHour({ ...rule, stops: false });
    expect((await told.callUntilRefused(20)).answer).toBeUndefined();
    expect(await told.alerts()).toMatchObject([{ type: "runaway_spend", throttled: false }]);
    await kit!.close();
    const small = await aUsualHour({ ...rule, floorNano: 5_000_000_000n });
    expect([(await small.callUntilRefused(20)).answer, await small.alerts()]).toEqual([undefined, []]);
    await kit!.close();
    const off = await aUsualHour(undefined);
    expect([(await off.callUntilRefused(20)).answer, await off.alerts()]).toEqual([undefined, []]);
  });
});
