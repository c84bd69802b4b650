import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Budget } from "../../core/ledger/budget.ts";
import type { Ending, LedgerStore } from "../../ports/ledger-store.ts";
import { BudgetCatalog } from "./budget-catalog.ts";
import { CallJournal } from "./call-journal.ts";
import { type HeldMoney, LeaseDesk, type LeaseDeskOptions } from "./lease-desk.ts";
import { openSqliteLedgerStore } from "./sqlite-ledger-store.ts";

const AT = Date.parse("2026-11-21T12:00:00Z");
const SCOPE = { tenant: "a", provider: "p", model: "m" };
const BUDGET: Budget = {
  id: "b",
  selector: { tenant: "a" },
  limitNano: 1000n,
  window: "month",
  zone: "UTC",
  hard: true,
  onShort: "deny",
  thresholds: [],
  warnPercent: 80,
  covers: "all",
  origin: "api",
  createdAt: AT,
  updatedAt: AT,
};

let folder: string;
let store: LedgerStore;
let journal: CallJournal;
let catalog: BudgetCatalog;
/** Lets endings reach the store, one after the other. */
let letThrough: () => void;
const failures: unknown[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "ballast-desk-"));
  store = await openSqliteLedgerStore({ folder, bootId: "boot-1", openedAt: AT }, () => AT);
  journal = new CallJournal(folder, store.epoch);
  catalog = await BudgetCatalog.open(store, null);
  await catalog.put(BUDGET, { actor: "test", action: "budget.set", target: "b", reason: "", before: null, after: null });
  failures.length = 0;
});
afterEach(async () => {
  journal.abandon();
  await store.close(false);
  rmSync(folder, { recursive: true, force: true });
});

function aDesk(more: { slow?: boolean; journal?: Partial<LeaseDeskOptions["journal"]>; failing?: number } = {}): LeaseDesk {
  let failing = more.failing ?? 0;
  const own = store;
  const gate = new Promise<void>((resolve) => {
    letThrough = resolve;
  });
  const end = async (ending: Ending) => {
    if (more.slow) await gate;
    if (failing-- > 0) throw new Error("no room");
    return await own.end(ending);
  };
  const guarded = new Proxy(own, { get: (target, name) => (name === "end" ? end : bound(target, name)) });
  const written = {
    hold: journal.hold.bind(journal),
    ending: journal.ending.bind(journal),
    forget: journal.forget.bind(journal),
    written: journal.written.bind(journal),
    renew: journal.renew.bind(journal),
  };
  const beforeRetry: LeaseDeskOptions["beforeRetry"] = async ({ error }) => {
    failures.push(error);
    await new Promise((resolve) => setTimeout(resolve, 1));
  };
  return new LeaseDesk({ store: guarded, catalog, journal: { ...written, ...more.journal }, beforeRetry });
}

function bound(target: LedgerStore, name: string | symbol): unknown {
  const own = Reflect.get(target, name);
  return typeof own === "function" ? own.bind(target) : own;
}

async function held(desk: LeaseDesk, holdId: string, amountNano: bigint): Promise<HeldMoney> {
  const result = await desk.hold(holdId, [SCOPE], amountNano, AT);
  if (result.outcome !== "held") throw new Error(`${holdId} was refused`);
  return result.hold;
}

function settled({ holdId, accounts, amountNano }: HeldMoney, cost: bigint, more: Partial<Ending> = {}): Ending {
  const call = { holdId, accounts, heldNano: amountNano, inputTokens: 1, outputTokens: 1, at: AT, tenant: "a", trace: null };
  return { ...call, kind: "settle", amountNano: cost, ...more };
}

async function standing(desk: LeaseDesk) {
  const [account] = await desk.status(["b"], AT);
  return account!;
}

describe("the lease desk", () => {
  it("ends a call when the journal has it; what was not used is free, and what was used stays held until the store has it", async () => {
    const desk = aDesk({ slow: true });
    const hold = await held(desk, "h1", 900n);
    expect((await desk.hold("h2", [SCOPE], 200n, AT)).outcome).toBe("refused");
    await desk.end(settled(hold, 300n));
    expect(await standing(desk)).toMatchObject({ heldNano: 300n, spentNano: 0n, freeNano: 700n });
    await held(desk, "h3", 700n);
    letThrough();
    await expect.poll(() => standing(desk)).toMatchObject({ heldNano: 700n, spentNano: 300n, freeNano: 0n });
  });

  it("waits for the store when the journal cannot take an ending", async () => {
    const desk = aDesk({ journal: { ending: () => Promise.reject(new Error("no room")) } });
    await desk.end(settled(await held(desk, "h1", 900n), 300n));
    expect(await standing(desk)).toMatchObject({ heldNano: 0n, spentNano: 300n });
  });

  it("waits for the store with an answer that a repeat must find there", async () => {
    const desk = aDesk({ slow: true });
    const answer = { status: 200, headers: {}, body: new Uint8Array() };
    let ended = false;
    const end = desk.end(settled(await held(desk, "h1", 900n), 300n, { idempotency: { keyId: "k", key: "x", answer } })).then(() => {
      ended = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(ended).toBe(false);
    letThrough();
    await end;
  });

  it("tries again until the store takes an ending, and lets no call through meanwhile", async () => {
    const desk = aDesk({ slow: true, failing: 3 });
    await desk.end(settled(await held(desk, "h1", 500n), 300n));
    letThrough();
    await expect.poll(() => failures.length).toBe(3);
    await expect.poll(() => standing(desk)).toMatchObject({ heldNano: 0n, spentNano: 300n });
    expect(desk.unwrittenEndings()).toBe(0);
    const broken = aDesk({ failing: 200 });
    await broken.end(settled(await held(broken, "h2", 500n), 300n));
    await expect.poll(() => failures.length).toBeGreaterThan(3);
    await expect(broken.hold("h3", [SCOPE], 1n, AT)).rejects.toMatchObject({ code: "store_unavailable" });
    expect(broken.unwrittenEndings()).toBe(1);
  });

  it("finds a lease that was given although its answer was lost", async () => {
    const lost = new Proxy(store, {
      get(target, name) {
        if (name !== "lease" || answered) return bound(target, name);
        return async (request: Parameters<LedgerStore["lease"]>[0]) => {
          answered = true;
          await target.lease(request);
          throw new Error("the connection was lost");
        };
      },
    });
    let answered = false;
    const desk = new LeaseDesk({ store: lost, catalog, journal, beforeRetry: async () => {} });
    await expect(desk.hold("h1", [SCOPE], 1000n, AT)).rejects.toThrow("lost");
    await held(desk, "h2", 1000n);
    expect(await standing(desk)).toMatchObject({ leasedNano: 1000n, heldNano: 1000n });
  });

  it("holds no more for a call than any single call may cost", async () => {
    const desk = aDesk();
    await expect(desk.hold("h1", [SCOPE], 2n ** 63n, AT)).rejects.toMatchObject({ code: "hold_too_large" });
    expect(desk.openHolds()).toBe(0);
  });

  it("refuses no call for money that is there: when others keep taking it before the call can, that is said", async () => {
    // Whenever it is asked, the store is short, and by its answer there is money again.
    const account = { ...(await store.accounts(["b"], AT))[0]!, leasedNano: 0n };
    const lease = async () => ({ outcome: "short", account, created: [], recall: undefined, asOfEntry: 1 }) as const;
    const contended = new Proxy(store, { get: (target, name) => (name === "lease" ? lease : bound(target, name)) });
    const desk = new LeaseDesk({ store: contended, catalog, journal, beforeRetry: async () => {} });
    await expect(desk.hold("h1", [SCOPE], 1n, AT)).rejects.toMatchObject({ code: "ledger_contended", details: { account: account.id } });
    expect(desk.openHolds()).toBe(0);
  });

  it("gives the idle money of many accounts back some hundreds at a time, so that heartbeats and calls come in between", async () => {
    const tenants = Array.from({ length: 1200 }, (_, number) => `t${number}`);
    const change = { actor: "test", action: "budget.set", target: "", reason: "", before: null, after: null };
    await Promise.all(tenants.map((tenant) => catalog.put({ ...BUDGET, id: tenant, selector: { tenant } }, change)));
    const returned: number[] = [];
    const giveBack = (returns: Parameters<LedgerStore["giveBack"]>[0]) => {
      returned.push(returns.length);
      return store.giveBack(returns);
    };
    const counting = new Proxy(store, { get: (target, name) => (name === "giveBack" ? giveBack : bound(target, name)) });
    const desk = new LeaseDesk({ store: counting, catalog, journal, beforeRetry: async () => {} });
    await Promise.all(tenants.map((tenant) => desk.hold(`h-${tenant}`, [{ ...SCOPE, tenant }], 1n, AT)));
    await desk.giveBackIdle("all", AT);
    expect(returned).toEqual([500, 500, 200]);
    const left = await store.accounts(tenants, AT);
    expect(left.every(({ leasedNano }) => leasedNano === 1n)).toBe(true);
  });

  it("books the first ending of a call, whatever is said later", async () => {
    const desk = aDesk({ slow: true });
    const hold = await held(desk, "h1", 900n);
    await desk.end(settled(hold, 300n));
    const second = desk.end(settled(hold, 0n, { kind: "doubt" }));
    letThrough();
    await second;
    await desk.end(settled(hold, 900n));
    expect(await standing(desk)).toMatchObject({ heldNano: 0n, spentNano: 300n, inDoubtNano: 0n });
    expect((await store.verify()).findings).toEqual([]);
  });

  it("warns with the very call that passes the share, before the store has booked it, and not after a raise", async () => {
    const desk = aDesk({ slow: true });
    const hold = await held(desk, "h1", 900n);
    await desk.end(settled(hold, 800n));
    expect(desk.warns(hold.accounts)).toBe(false);
    const next = await held(desk, "h2", 100n);
    await desk.end(settled(next, 1n));
    expect(desk.warns(hold.accounts)).toBe(true);
    letThrough();
    await expect.poll(() => standing(desk)).toMatchObject({ spentNano: 801n });
    expect(desk.warns(hold.accounts)).toBe(true);
    const change = { actor: "test", action: "budget.set", target: "b", reason: "", before: null, after: null };
    await catalog.put({ ...BUDGET, limitNano: 10_000n }, change);
    expect(desk.warns(hold.accounts)).toBe(false);
  });
});
