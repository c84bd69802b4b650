import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AlertStore, NewAlert } from "../../ports/alert-store.ts";
import type { LedgerStore } from "../../ports/ledger-store.ts";
import { emptyLedgers } from "./empty-ledgers-test-kit.ts";
import { AT, type LedgerStoreUnderTest } from "./ledger-store-conformance.ts";

const change = { actor: "admin", action: "alert.ack", target: "a", reason: "", before: null, after: null };

function anAlert(id: string, more: Partial<NewAlert> = {}): NewAlert {
  const facts = { kind: "test", channel: "ops" } as const;
  const deliveries = [
    { channel: "ops", phase: "raised", step: 0, dueAt: AT },
    { channel: "lead", phase: "escalated-1", step: 1, dueAt: AT + 1800 },
  ] as const;
  return { id, key: id, once: false, severity: "critical", scope: { tenant: "acme" }, facts, raisedAt: AT, deliveries, ...more };
}

const raised = { alertId: "a", channel: "ops", phase: "raised" } as const;

/** What every ledger keeps of alerts. */
export function alertStoreConformance(name: string, prepare: () => Promise<LedgerStoreUnderTest>): void {
  describe(`${name} as a store of alerts`, () => {
    const openLedger = emptyLedgers(prepare);
    let store: LedgerStore;
    let alerts: AlertStore;

    beforeEach(async () => {
      await open();
    });
    afterEach(async () => {
      await store.close();
    });

    async function open(): Promise<void> {
      store = await openLedger();
      alerts = store.alerts;
    }

    it("are the same after a restart, with what has to be said of them", async () => {
      await alerts.raise(anAlert("a"), AT);
      await store.close();
      await open();
      expect(await alerts.due("ops", AT, 10)).toMatchObject([{ ...raised, attempts: 0, alert: { id: "a", scope: { tenant: "acme" } } }]);
      expect(await alerts.due("lead", AT + 1799, 10)).toEqual([]);
      expect(await alerts.due("lead", AT + 1800, 10)).toHaveLength(1);
    });

    it("count a repeat while they are open, and are raised anew afterwards, unless they are told once for good", async () => {
      expect(await alerts.raise(anAlert("a", { key: "k" }), AT)).toBe(true);
      expect(await alerts.raise(anAlert("b", { key: "k" }), AT + 5)).toBe(false);
      expect(await alerts.find("a")).toMatchObject({ times: 2, lastAt: AT + 5 });
      await alerts.resolve([{ id: "a", why: "back_below", tells: false }], [], AT + 6);
      expect(await alerts.raise(anAlert("c", { key: "k", once: true }), AT + 7)).toBe(false);
      expect(await alerts.raise(anAlert("d", { key: "k" }), AT + 7)).toBe(true);
    });

    it("end a delivery once: what failed after it was sent changes nothing", async () => {
      await alerts.raise(anAlert("a"), AT);
      await alerts.markFailed(raised, { attempts: 1, dueAt: AT + 10, error: "ECONNREFUSED" });
      expect(await alerts.due("ops", AT + 9, 10)).toEqual([]);
      expect(await alerts.due("ops", AT + 10, 10)).toMatchObject([{ attempts: 1 }]);
      await alerts.markSent(raised, AT + 11);
      await alerts.markFailed(raised, { attempts: 2, dueAt: null, error: "late" });
      expect((await alerts.find("a"))?.deliveries[0]).toMatchObject({ state: "sent", attempts: 2, error: null, sentAt: AT + 11 });
    });

    it("keep the phases of one alert in order on a channel, however long the first takes", async () => {
      await alerts.raise(anAlert("a"), AT);
      await alerts.markFailed(raised, { attempts: 1, dueAt: AT + 100, error: "timeout" });
      await alerts.resolve([{ id: "a", why: "back_below", tells: true }], [], AT + 1);
      expect(await alerts.due("ops", AT + 50, 10)).toEqual([]);
      expect((await alerts.due("ops", AT + 100, 10)).map(({ phase }) => phase)).toEqual(["raised"]);
      await alerts.markSent(raised, AT + 100);
      expect((await alerts.due("ops", AT + 100, 10)).map(({ phase }) => phase)).toEqual(["resolved"]);
    });

    it("tell the end to those who heard of the beginning, and to followers in any case", async () => {
      await alerts.raise(anAlert("a"), AT);
      await alerts.raise(anAlert("b", { deliveries: [{ channel: "am", phase: "raised", step: 0, dueAt: AT }] }), AT);
      await alerts.resolve([{ id: "a", why: "back_below", tells: false }], ["am"], AT);
      await alerts.resolve([{ id: "b", why: "back_below", tells: false }], ["am"], AT);
      const phases = async (id: string) => (await alerts.find(id))?.deliveries.map(({ channel, phase }) => `${channel} ${phase}`);
      expect(await phases("a")).toEqual(["ops raised"]);
      expect(await phases("b")).toEqual(["am raised", "am resolved"]);
    });

    it("stop escalating when somebody acknowledges, once, with an audit entry", async () => {
      await alerts.raise(anAlert("a"), AT);
      expect(await alerts.acknowledge("a", AT + 1, change)).toMatchObject({ ackedAt: AT + 1, ackedBy: "admin" });
      expect(await alerts.acknowledge("a", AT + 2, { ...change, actor: "other" })).toMatchObject({ ackedAt: AT + 1, ackedBy: "admin" });
      expect(await alerts.due("lead", AT + 5000, 10)).toEqual([]);
      expect((await store.audit(10)).map(({ action }) => action)).toEqual(["alert.ack"]);
      expect(await alerts.acknowledge("nobody", AT, change)).toBeUndefined();
    });

    it("list what was given up, and try it again when asked", async () => {
      await alerts.raise(anAlert("a"), AT);
      await alerts.raise(anAlert("b"), AT);
      await alerts.markFailed(raised, { attempts: 12, dueAt: null, error: "answered 500" });
      expect((await alerts.list("dead", 10)).map(({ id }) => id)).toEqual(["a"]);
      expect((await alerts.list("open", 10)).map(({ id }) => id)).toEqual(["a", "b"]);
      expect([await alerts.replay("a", "lead", AT, change), await alerts.replay("a", null, AT, change)]).toEqual([0, 1]);
      expect(await alerts.due("ops", AT, 10)).toMatchObject([
        { alertId: "a", attempts: 0 },
        { alertId: "b", attempts: 0 },
      ]);
      expect(await alerts.replay("nobody", null, AT, change)).toBeUndefined();
      expect(await store.audit(10)).toHaveLength(1);
    });

    it("are looked through page by page while they are open", async () => {
      for (const id of ["c", "a", "b"]) await alerts.raise(anAlert(id), AT);
      await alerts.resolve([{ id: "b", why: "back_below", tells: false }], [], AT);
      expect((await alerts.open("", 1)).map(({ id }) => id)).toEqual(["a"]);
      expect((await alerts.open("a", 10)).map(({ id }) => id)).toEqual(["c"]);
      expect([await alerts.isOpen("a"), await alerts.isOpen("b"), await alerts.isOpen("d")]).toEqual([true, false, false]);
    });

    it("give up what waits for a channel that is gone, and forget what was over long ago", async () => {
      await alerts.raise(anAlert("a"), AT);
      expect([...(await alerts.waitingChannels())].sort()).toEqual(["lead", "ops"]);
      expect(await alerts.abandonChannel("ops", "no such channel")).toBe(1);
      await alerts.resolve([{ id: "a", why: "back_below", tells: true }], [], AT);
      await alerts.forget(AT);
      expect(await alerts.list("all", 10)).toHaveLength(1);
      await alerts.forget(AT + 1);
      expect(await alerts.list("all", 10)).toEqual([]);
    });
  });
}
