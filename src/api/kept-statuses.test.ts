import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { MemoryCache } from "../adapters/caches/memory-cache.ts";
import { usd } from "../core/money/usd.ts";
import type { SharedCache } from "../ports/shared-cache.ts";
import { ADMIN_TOKEN, NOON, testApi } from "./api-test-kit.ts";
import { KeptStatuses } from "./kept-statuses.ts";

const STATUS = "/api/ai-budget/tenant/";
const TRACK = "/api/ai-budget/track";
const SET = "/api/ai-budget/set";
const FRESH = { headers: { "cache-control": "no-cache" } };
const status = (tenant: string) => ({ tenant_id: tenant, budgets: [], total_usage_usd: 1, total_limit_usd: 2 });

const closing: KeptStatuses[] = [];
afterEach(() => {
  for (const statuses of closing.splice(0)) statuses.close();
});

/** Processes that share a cache, and a clock that stands still until it is told. */
function processes() {
  const clock = { now: NOON, steady: 0 };
  const memory = new MemoryCache(() => clock.steady);
  const away = new Set<SharedCache>();
  let words = 0;
  const join = () => {
    // The same cache over a connection of its own, which can be cut.
    const cache: SharedCache = {
      kind: "redis",
      get: async (keys) => (away.has(cache) ? undefined : memory.get(keys)),
      put: async (entries) => !away.has(cache) && memory.put(entries),
      delete: async (keys) => !away.has(cache) && memory.delete(keys),
      state: () => ({ up: !away.has(cache), detail: "" }),
      close: async () => {},
    };
    const statuses = new KeptStatuses({ cache, now: () => clock.now, steadyNow: () => clock.steady, newWord: () => `word ${++words}` });
    closing.push(statuses);
    const find = async (tenant: string, state = "s") => (await statuses.find(tenant, state, clock.now)).outcome;
    const keep = async (tenant: string, state = "s") => {
      const found = await statuses.find(tenant, state, clock.now);
      if (found.outcome === "unknown") found.keep(status(tenant), clock.now + 3_600_000);
    };
    return { statuses, find, keep, cut: () => away.add(cache), mend: () => away.delete(cache) };
  };
  const pass = (ms: number) => {
    clock.now += ms;
    clock.steady += ms;
  };
  return { join, pass, clock, memory };
}

describe("kept statuses", () => {
  it("are found by every process, with their age, for a minute", async () => {
    const { join, pass, clock } = processes();
    const [one, other] = [join(), join()];
    await one.keep("acme");
    pass(59_000);
    expect(await other.statuses.find("acme", "s", clock.now)).toEqual({ outcome: "kept", status: status("acme"), ageMs: 59_000 });
    pass(1000);
    expect(await other.find("acme")).toBe("unknown");
    expect(other.statuses.reads()).toEqual({ kept: 1, unknown: 1, away: 0 });
  });

  it("are those of one tenant and of its budgets as they are now", async () => {
    const { join } = processes();
    const one = join();
    await one.keep("acme");
    expect([await one.find("acme"), await one.find("globex"), await one.find("acme", "another limit")]).toEqual([
      "kept",
      "unknown",
      "unknown",
    ]);
  });

  it("are not kept beyond the window that they are of", async () => {
    const { join, pass, clock } = processes();
    const one = join();
    const found = await one.statuses.find("acme", "s", clock.now);
    if (found.outcome === "unknown") found.keep(status("acme"), clock.now + 10_000);
    pass(9999);
    expect(await one.find("acme")).toBe("kept");
    pass(1);
    expect(await one.find("acme")).toBe("unknown");
  });

  it("do not outlive a change, wherever it was made", async () => {
    const { join } = processes();
    const [one, other] = [join(), join()];
    await one.keep("acme");
    await one.keep("globex");
    await other.statuses.tell(["acme"]);
    expect([await one.find("acme"), await one.find("globex")]).toEqual(["unknown", "kept"]);
    await other.statuses.tell("all");
    expect(await one.find("globex")).toBe("unknown");
  });

  it("that were read of the ledger before a change and kept after it are not used", async () => {
    const { join, clock, memory } = processes();
    const [slow, other] = [join(), join()];
    for (const change of [["acme"], "all"] as const) {
      const reading = await slow.statuses.find("acme", "s", clock.now);
      await other.statuses.tell(change);
      if (reading.outcome === "unknown") reading.keep(status("acme"), clock.now + 60_000);
      expect(await memory.get(["status:of:acme"])).not.toEqual([undefined]);
      expect([await slow.find("acme"), await other.find("acme")]).toEqual(["unknown", "unknown"]);
    }
  });

  it("are not read by who has changed something, before the others know", async () => {
    const { join } = processes();
    const [one, other] = [join(), join()];
    await one.keep("acme");
    one.statuses.changed(["acme"]);
    expect([await one.find("acme"), await other.find("acme")]).toEqual(["unknown", "kept"]);
    // Gathered bookings are told within moments.
    await expect.poll(() => other.find("acme"), { timeout: 2000 }).toBe("unknown");
    await one.keep("acme");
    await expect.poll(() => one.find("acme"), { timeout: 2000 }).toBe("kept");
  });

  it("are not read by who could not tell of a change, until it is told or they are too old", async () => {
    const { join, pass } = processes();
    const [one, other] = [join(), join()];
    await one.keep("acme");
    one.cut();
    await one.statuses.tell(["acme"]);
    one.mend();
    expect(await one.find("acme")).toBe("unknown");
    await one.keep("acme");
    // Told again by itself, a second later.
    await expect.poll(() => other.find("acme"), { timeout: 3000 }).toBe("unknown");
    await other.keep("acme");
    expect(await one.find("acme")).toBe("kept");
    one.cut();
    await one.statuses.tell(["acme"]);
    pass(71_000);
    await one.statuses.tell(["globex"]);
    one.mend();
    await other.keep("acme");
    expect(await one.find("acme")).toBe("kept");
  });

  it("stand back when the cache is away, and count it", async () => {
    const { join } = processes();
    const one = join();
    await one.keep("acme");
    one.cut();
    expect(await one.find("acme")).toBe("unknown");
    expect(one.statuses.reads()).toMatchObject({ away: 1 });
    expect(one.statuses.state().up).toBe(false);
  });

  it("of very many changed tenants are told of as all", async () => {
    const { join } = processes();
    const [one, other] = [join(), join()];
    await other.keep("bystander");
    one.statuses.changed(Array.from({ length: 600 }, (_, index) => `tenant-${index}`));
    await expect.poll(() => other.find("bystander"), { timeout: 2000 }).toBe("unknown");
    await other.keep("bystander");
    expect([await one.find("bystander"), await one.find("tenant-7")]).toEqual(["kept", "unknown"]);
  });

  it.each([
    ["text", "hello"],
    ["JSON of another shape", '{"at":0}'],
    ["another tenant's", JSON.stringify({ at: NOON, state: "s", seen: "SEEN", status: status("globex") })],
    ["a field too many", JSON.stringify({ at: NOON, state: "s", seen: "SEEN", status: { ...status("acme"), html: "<script>" } })],
    ["from the future", JSON.stringify({ at: NOON + 120_000, state: "s", seen: "SEEN", status: status("acme") })],
    ["broken UTF-8", Buffer.from([0xff, 0xfe, 0x00])],
  ])("are not what a stranger put there: %s", async (_, garbage) => {
    const { join, memory } = processes();
    const one = join();
    await one.keep("acme");
    const [honest] = await memory.get(["status:of:acme"]);
    const { seen } = JSON.parse(Buffer.from(honest!).toString()) as { seen: string };
    await memory.put([{ key: "status:of:acme", value: Buffer.from(String(garbage).replace("SEEN", seen)), ttlMs: 60_000 }]);
    expect(await one.find("acme")).toBe("unknown");
  });
});

describe("GET /api/ai-budget/tenant/:id with kept statuses", () => {
  async function open() {
    const { join, pass, clock } = processes();
    const { statuses, cut } = join();
    return { ...(await testApi({ statuses, now: () => clock.now })), statuses, cut, pass };
  }

  it("answers again without the ledger, and says how old the answer is", async () => {
    const { ask, store, pass } = await open();
    await ask("POST", SET, { body: { tenant_id: "acme", model: "*", monthly_limit_usd: 5 } });
    const first = await ask("GET", `${STATUS}acme`);
    store.accounts = async () => {
      throw new Error("the ledger was asked");
    };
    pass(3500);
    const again = await ask("GET", `${STATUS}acme`);
    expect(again.body).toEqual(first.body);
    expect([first.headers.age, again.headers.age, again.headers["cache-control"]]).toEqual([undefined, "3", "no-store"]);
    expect((await ask("GET", `${STATUS}acme`, FRESH)).status).toBe(500);
  });

  it("shows what was tracked or set just before, and never another tenant's", async () => {
    const { ask } = await open();
    const histories = fc.array(
      fc.record({
        op: fc.constantFrom("track", "set", "look", "look", "raise-limit"),
        tenant: fc.constantFrom("a", "b", "a b"),
        model: fc.constantFrom("sonnet", "opus", "*"),
        amount: fc.integer({ min: 1, max: 2000 }),
      }),
      { maxLength: 30 },
    );
    let requests = 0;
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        for (const { op, tenant, model, amount } of history) {
          const spent = { tenant_id: tenant, model: model === "*" ? "other" : model, prompt_tokens: 1, completion_tokens: 1 };
          if (op === "track") await ask("POST", TRACK, { body: { ...spent, cost_usd: amount / 100, request_id: `r${++requests}` } });
          if (op === "set") await ask("POST", SET, { body: { tenant_id: tenant, model, monthly_limit_usd: amount } });
          if (op === "raise-limit")
            await ask("POST", `/api/v1/budgets/tenant=${encodeURIComponent(tenant)}`, { body: { limit_usd: String(amount) } });
          for (const seen of ["a", "b", "a b"]) {
            const address = STATUS + encodeURIComponent(seen);
            expect((await ask("GET", address)).body).toEqual((await ask("GET", address, FRESH)).body);
          }
        }
      }),
      { numRuns: 30 },
    );
    expect((await ask("GET", "/metrics")).text).toMatch(/ballast_status_reads_total\{result="kept"\} [1-9]/);
  });

  it("goes on from the ledger while the cache is away", async () => {
    const { ask, cut } = await open();
    cut();
    const body = { tenant_id: "acme", model: "sonnet", prompt_tokens: 0, completion_tokens: 0, cost_usd: 1 };
    for (let call = 1; call <= 3; call++) {
      await ask("POST", TRACK, { body });
      expect((await ask("GET", `${STATUS}acme`)).body.total_usage_usd).toBe(call);
    }
    await ask("GET", `${STATUS}bystander`);
    const { text } = await ask("GET", "/metrics");
    expect(text).toContain("ballast_cache_up 0\n");
    expect(text).toContain('ballast_status_reads_total{result="away"} 1\n');
  });

  it("never keeps a status with a budget that has refused: what calls hold decides what it says", async () => {
    const own = processes().join();
    const account = { hasRefused: true };
    const api = await testApi({
      statuses: own.statuses,
      desk: {
        status: async (ids, at) =>
          (await api.store.accounts(ids, at)).map((each) => ({
            ...each,
            heldNano: 0n,
            elsewhereNano: 0n,
            idleNano: 0n,
            freeNano: 0n,
            ...account,
          })),
      },
    });
    await api.ask("POST", SET, { body: { tenant_id: "acme", model: "*", monthly_limit_usd: 5 } });
    await api.ask("GET", `${STATUS}acme`);
    expect((await api.ask("GET", `${STATUS}acme`)).headers.age).toBeUndefined();
    account.hasRefused = false;
    await api.ask("GET", `${STATUS}acme`);
    expect((await api.ask("GET", `${STATUS}acme`)).headers.age).toBe("0");
  });

  it("is never what a check decides by", async () => {
    const { ask, store, statuses } = await open();
    await ask("POST", SET, { body: { tenant_id: "acme", model: "sonnet", monthly_limit_usd: 1 } });
    await ask("GET", `${STATUS}acme`);
    // Booked where nothing tells of it, as by a process that cannot reach the cache.
    const { accountRows } = store;
    await ask("POST", TRACK, { body: { tenant_id: "acme", model: "sonnet", prompt_tokens: 0, completion_tokens: 0, cost_usd: 0.1 } });
    await ask("GET", `${STATUS}acme`);
    store.change([...accountRows.keys()][0]!, "track", usd("0.9"));
    expect((await ask("GET", `${STATUS}acme`)).body.total_usage_usd).toBe(0.1);
    const refused = await ask("POST", "/api/ai-budget/check", {
      body: { tenant_id: "acme", model: "sonnet", estimated_cost_usd: 0.5 },
      token: ADMIN_TOKEN,
    });
    expect([refused.status, refused.body.spent_usd]).toEqual([429, 1]);
    await statuses.tell("all");
    expect((await ask("GET", `${STATUS}acme`)).body.total_usage_usd).toBe(1);
  });
});
