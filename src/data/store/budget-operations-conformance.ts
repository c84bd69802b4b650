import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { accountId } from "../../core/ledger/budget.ts";
import { windowAt } from "../../core/time/window.ts";
import type { LedgerStore } from "../../ports/ledger-store.ts";
import { emptyLedgers } from "./empty-ledgers-test-kit.ts";
import { AT, aBudget, anEnding, CHANGE, type LedgerStoreUnderTest, WINDOW } from "./ledger-store-conformance.ts";

const HOUR_MS = 3_600_000;
const ACCOUNT = accountId("b", WINDOW);

/** Raises, resets and changes of many budgets, in every ledger. */
export function budgetOperationsConformance(name: string, prepare: () => Promise<LedgerStoreUnderTest>): void {
  describe(`${name} changes budgets`, () => {
    const openLedger = emptyLedgers(prepare);
    let store: LedgerStore;

    beforeEach(async () => {
      store = await openLedger();
      await store.putBudget(aBudget(), CHANGE);
    });
    afterEach(async () => {
      await store.close().catch(() => {});
    });

    const lease = (missingNano: bigint, at = AT) =>
      store.lease({ at, wants: [{ budgetId: "b", window: windowAt("month", "UTC", at), missingNano }], create: [] });
    const spend = async (holdId: string, nano: bigint) => {
      expect((await lease(nano)).outcome).toBe("granted");
      await store.end(anEnding(holdId, "settle", nano, nano));
      const idle = (await store.leases()).filter(({ amountNano }) => amountNano > 0n);
      await store.giveBack(idle);
    };
    const account = async (at = AT) => (await store.accounts(["b"], at))[0]!;
    const raise = (id: string, amountNano: bigint, more: { beginsAt?: number; endsAt?: number } = {}) =>
      store.raiseBudget(
        { id, budgetId: "b", amountNano, beginsAt: AT, endsAt: AT + HOUR_MS, approver: "CFO", reason: "launch", createdAt: AT, ...more },
        "admin",
      );
    const credit = (id: string, amountNano: bigint | null) =>
      store.creditBudget({ id, budgetId: "b", amountNano, at: AT, actor: "admin", approver: "CFO", reason: "a loop" });
    const setLimits = async () => (await store.audit(50)).filter(({ actor }) => actor === "ballast").map(({ action }) => action);
    const sound = async () => expect((await store.verify()).findings).toEqual([]);

    it("carries more while a raise is in force, and no more than before when it is over", async () => {
      await lease(1n);
      expect((await lease(1200n)).outcome).toBe("short");
      const answer = await raise("r1", 500n);
      expect([answer.raise.state, answer.budgets.map(({ raisedNano }) => raisedNano)]).toEqual(["active", [500n]]);
      expect(await account()).toMatchObject({ limitNano: 1500n });
      expect((await lease(1200n)).outcome).toBe("granted");
      await store.giveBack([{ account: ACCOUNT, amountNano: 1200n }]);
      expect(await store.turnRaises(AT + HOUR_MS - 1)).toEqual([]);
      expect((await store.turnRaises(AT + HOUR_MS)).map(({ id, raisedNano }) => [id, raisedNano])).toEqual([["b", 0n]]);
      expect(await account()).toMatchObject({ limitNano: 1000n });
      expect((await lease(1200n)).outcome).toBe("short");
      await sound();
    });

    it("books each edge of a raise once, however often it is looked for", async () => {
      await lease(1n);
      await raise("r1", 500n, { beginsAt: AT + 10 });
      expect(await account()).toMatchObject({ limitNano: 1000n });
      for (const at of [AT + 10, AT + 11, AT + 11]) await store.turnRaises(at);
      expect(await account()).toMatchObject({ limitNano: 1500n });
      await Promise.all([store.turnRaises(AT + HOUR_MS), store.turnRaises(AT + HOUR_MS), store.turnRaises(AT + 2 * HOUR_MS)]);
      expect(await account()).toMatchObject({ limitNano: 1000n });
      expect((await setLimits()).sort()).toEqual(["budget.raise.begins", "budget.raise.is_over"]);
      await sound();
    });

    it("opens a window with the raised limit while a raise is in force, and without it afterwards", async () => {
      const [december, january] = [WINDOW.end, windowAt("month", "UTC", WINDOW.end).end];
      await raise("r1", 500n, { endsAt: december + HOUR_MS });
      expect(await account(december)).toMatchObject({ limitNano: 1500n });
      expect((await lease(1400n, december)).outcome).toBe("granted");
      await store.turnRaises(december + HOUR_MS);
      expect(await account(december)).toMatchObject({ limitNano: 1000n, leasedNano: expect.any(BigInt) });
      expect(await account(january)).toMatchObject({ limitNano: 1000n });
      await sound();
    });

    it("records an overrun when a raise ends while more is spent than the limit allows", async () => {
      await raise("r1", 500n);
      await spend("h1", 1300n);
      await store.turnRaises(AT + HOUR_MS);
      expect(await account()).toMatchObject({ limitNano: 1000n, spentNano: 1300n, overrunNano: 300n });
      await sound();
    });

    it("adds raises up, keeps them over a change of the budget, and over a restart", async () => {
      await lease(1n);
      await raise("r1", 500n);
      await raise("r2", 70n);
      const stored = await store.putBudget(aBudget({ limitNano: 2000n, updatedAt: AT + 1 }), CHANGE);
      expect([stored.limitNano, stored.raisedNano]).toEqual([2000n, 570n]);
      expect(await account()).toMatchObject({ limitNano: 2570n });
      await store.close();
      store = await openLedger();
      expect(await account()).toMatchObject({ limitNano: 2570n });
      expect((await store.raises()).map(({ id, state }) => [id, state])).toEqual([
        ["r1", "active"],
        ["r2", "active"],
      ]);
      await sound();
    });

    it("ends a raise early, once, and lets one that never began leave no trace in the limit", async () => {
      await lease(1n);
      await raise("r1", 500n);
      await raise("later", 50n, { beginsAt: AT + 10 });
      const end = (id: string) => store.endRaise({ id, at: AT + 5, actor: "admin", reason: "not needed" });
      expect((await end("r1")).raise).toMatchObject({ state: "over", endedEarly: true, endsAt: AT + 5 });
      expect((await end("r1")).budgets).toEqual([]);
      expect((await end("later")).raise.state).toBe("over");
      expect(await account()).toMatchObject({ limitNano: 1000n });
      expect(await store.raises()).toEqual([]);
      expect((await store.raisesOf("b", 10)).map(({ id }) => id).sort()).toEqual(["later", "r1"]);
      await expect(end("none")).rejects.toMatchObject({ code: "not_found" });
      await sound();
    });

    it("keeps who approved a raise and why, and refuses one of a budget that is not there or beyond all limits", async () => {
      await raise("r1", 500n);
      const [row] = (await store.audit(10)).filter(({ action }) => action === "budget.raise");
      expect(row).toMatchObject({ actor: "admin", target: "b", reason: "launch" });
      expect(JSON.parse(row!.after!)).toMatchObject({ raise: "r1", approver: "CFO", amount_usd: "0.0000005" });
      await expect(raise("r2", 1_000_000_000_000_000_000n)).rejects.toMatchObject({ code: "amount_invalid" });
      const other = { id: "r3", budgetId: "none", amountNano: 1n, beginsAt: AT, endsAt: AT + 1, approver: "x", reason: "y", createdAt: AT };
      await expect(store.raiseBudget(other, "admin")).rejects.toMatchObject({ code: "not_found" });
      expect(await store.raises()).toHaveLength(1);
    });

    it("takes what is spent off again in a reset, and keeps what was credited, who approved it and why", async () => {
      await spend("h1", 400n);
      await lease(300n);
      const before = await account();
      expect(await credit("c1", 150n)).toMatchObject({ creditedNano: 150n, account: { spentNano: 250n, creditedNano: 150n } });
      expect(await account()).toEqual({ ...before, spentNano: 250n, creditedNano: 150n });
      expect(await credit("c2", null)).toMatchObject({ creditedNano: 250n, account: { spentNano: 0n, creditedNano: 400n } });
      const [row] = await store.audit(1);
      expect(row).toMatchObject({ action: "budget.reset", target: "b", reason: "a loop" });
      expect(JSON.parse(row!.after!)).toMatchObject({ entry: "c2", approver: "CFO", credited_usd: "0.00000025" });
      await sound();
    });

    it("leaves what was booked of calls to cost reports as it was", async () => {
      await spend("h1", 400n);
      const period = { start: AT, end: AT + 1 };
      const before = await store.bookedPerTenant(period);
      await credit("c1", null);
      expect(await store.bookedPerTenant(period)).toEqual(before);
    });

    it("changes nothing when a raise or a reset is sent again, and refuses another one under its id", async () => {
      await spend("h1", 400n);
      expect((await raise("r1", 500n)).repeated).toBe(false);
      expect(await raise("r1", 500n, { beginsAt: AT + 3 })).toMatchObject({ repeated: true, budgets: [], raise: { amountNano: 500n } });
      expect(await account()).toMatchObject({ limitNano: 1500n });
      await expect(raise("r1", 501n)).rejects.toMatchObject({ code: "idempotency_key_reused" });
      expect(await credit("c1", null)).toMatchObject({ creditedNano: 400n, repeated: false });
      await spend("h2", 30n);
      expect(await credit("c1", null)).toMatchObject({ creditedNano: 400n, repeated: true, account: { spentNano: 30n } });
      expect(await credit("c1", 400n)).toMatchObject({ repeated: true });
      await expect(credit("c1", 30n)).rejects.toMatchObject({ code: "idempotency_key_reused" });
      expect(await account()).toMatchObject({ spentNano: 30n, creditedNano: 400n });
      await store.endRaise({ id: "r1", at: AT + 1, actor: "admin", reason: "" });
      expect(await raise("r1", 500n)).toMatchObject({ repeated: true, raise: { state: "over" } });
      await sound();
    });

    it("credits no more than is spent, and not nothing", async () => {
      await spend("h1", 400n);
      await expect(credit("c1", 401n)).rejects.toMatchObject({ code: "amount_invalid" });
      await credit("c2", null);
      await expect(credit("c3", null)).rejects.toMatchObject({ code: "amount_invalid" });
      expect(await account()).toMatchObject({ spentNano: 0n, creditedNano: 400n });
      await sound();
    });

    it("tells a threshold again when it is reached again after a reset, and one that stayed reached not", async () => {
      const told = async () =>
        (await store.readOutbox("alert", 50)).map(({ payload }) => {
          const { percent, credited_usd = "0" } = JSON.parse(payload) as { percent: number; credited_usd?: string };
          return [percent, credited_usd];
        });
      await store.putBudget(aBudget({ thresholds: [20, 50], updatedAt: AT + 1 }), CHANGE);
      await spend("h1", 600n);
      await credit("c1", 300n);
      expect((await store.crossings([ACCOUNT])).map(({ percent }) => percent)).toEqual([20]);
      await spend("h2", 300n);
      expect(await told()).toEqual([
        [20, "0"],
        [50, "0"],
        [50, "0.0000003"],
      ]);
    });

    it("changes many budgets together, and reads them back as they are stored", async () => {
      await lease(1n);
      const stored = await store.putBudgets([
        { budget: aBudget({ limitNano: 10n, updatedAt: AT + 1, createdAt: AT + 1 }), change: CHANGE },
        { budget: aBudget({ id: "c", selector: { team: "t" } }), change: { ...CHANGE, target: "c" } },
      ]);
      expect(stored.map(({ id, createdAt, limitNano }) => [id, createdAt, limitNano])).toEqual([
        ["b", AT, 10n],
        ["c", AT, 1000n],
      ]);
      expect(await account()).toMatchObject({ limitNano: 10n });
      expect((await store.budgets()).map(({ id }) => id).sort()).toEqual(["b", "c"]);
      await sound();
    });

    it("changes none of many budgets when one cannot be stored", async () => {
      const impossible = { budget: aBudget({ id: "c", limitNano: -1n }), change: CHANGE };
      await expect(store.putBudgets([{ budget: aBudget({ limitNano: 10n }), change: CHANGE }, impossible])).rejects.toThrow();
      expect((await store.budgets()).map(({ id, limitNano }) => [id, limitNano])).toEqual([["b", 1000n]]);
      expect(await store.audit(10)).toHaveLength(1);
    });

    it("has a limit of the budget's own and the raises in force after any history, which its entries give again", async () => {
      const step = fc.record({
        kind: fc.constantFrom("raise", "end", "turn", "put", "spend", "credit"),
        amount: fc.bigInt(1n, 400n),
        after: fc.integer({ min: 0, max: 5 }),
      });
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
          run += 1;
          const id = `b${run}`;
          let at = AT;
          await store.putBudget(aBudget({ id, selector: { team: id } }), CHANGE);
          const wants = [{ budgetId: id, window: WINDOW }];
          for (const [index, { kind, amount, after }] of steps.entries()) {
            const ref = `${run}-${index}`;
            at += after;
            const own = (await store.raisesOf(id, 1))[0]?.id;
            const decided = { approver: "x", reason: "y", budgetId: id };
            if (kind === "raise")
              await store.raiseBudget(
                { ...decided, id: ref, amountNano: amount, beginsAt: at + (Number(amount) % 3), endsAt: at + 3 + after, createdAt: at },
                "t",
              );
            else if (kind === "end" && own !== undefined) await store.endRaise({ id: own, at, actor: "t", reason: "" });
            else if (kind === "turn") await store.turnRaises(at);
            else if (kind === "put")
              await store.putBudget(aBudget({ id, selector: { team: id }, limitNano: amount, updatedAt: at }), CHANGE);
            else if (kind === "spend") {
              const tokens = { inputTokens: 1, outputTokens: 1, fingerprint: "", trace: "{}" };
              await store.track({ requestId: ref, at, tenant: "a", wants, create: [], amountNano: amount, ...tokens });
            } else if (kind === "credit")
              await store
                .creditBudget({ ...decided, id: ref, amountNano: after === 0 ? null : amount, at, actor: "t" })
                .catch((error: { code?: string }) => expect(error.code).toBe("amount_invalid"));
            const active = (await store.raisesOf(id, 100)).filter(({ state }) => state === "active");
            const budget = (await store.budgets()).find((each) => each.id === id)!;
            const inForce = active.reduce((sum, { amountNano }) => sum + amountNano, budget.limitNano);
            const [now] = await store.accounts([id], at);
            expect([now!.limitNano, now!.spentNano >= 0n]).toEqual([inForce, true]);
          }
          await store.turnRaises(at + 100);
        }),
        { numRuns: 15 },
      );
      await sound();
    });
  });
}
