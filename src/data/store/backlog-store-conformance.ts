import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BacklogItem } from "../../core/backlog/backlog-item.ts";
import type { LedgerStore } from "../../ports/ledger-store.ts";
import { emptyLedgers } from "./empty-ledgers-test-kit.ts";
import { AT, type LedgerStoreUnderTest } from "./ledger-store-conformance.ts";

function anItem(id: string, more: Partial<BacklogItem> = {}): BacklogItem {
  const who = { owner: "Platform", eta: "2026-12-31", status: "proposed", note: "é 😀 'quote'" } as const;
  return { id, lever: "batch", scope: { use_case: "ops" }, target: "30%", ...who, createdAt: AT, updatedAt: AT, ...more };
}

function put(item: BacklogItem, before: string | null = null) {
  return { item, change: { actor: "admin", action: "backlog.set", target: item.id, reason: "why", before, after: item.target } };
}

/** What every ledger keeps of the backlog. */
export function backlogStoreConformance(name: string, prepare: () => Promise<LedgerStoreUnderTest>): void {
  describe(`${name} as a store of the backlog`, () => {
    const openLedger = emptyLedgers(prepare);
    let store: LedgerStore;

    beforeEach(async () => {
      store = await openLedger();
    });
    afterEach(async () => {
      await store.close();
    });

    it("gives items back after a restart, as they came and in their order", async () => {
      const items = [anItem("b", { createdAt: AT + 1 }), anItem("a"), anItem("c", { createdAt: AT + 2, scope: {}, owner: "", eta: "" })];
      await store.backlog.put(items.map((item) => put(item)));
      await store.close();
      store = await openLedger();
      expect(await store.backlog.list()).toEqual([items[1], items[0], items[2]]);
    });

    it("changes an item under its id, keeps when it came, and leaves an audit entry for each change", async () => {
      await store.backlog.put([put(anItem("a"))]);
      const changed = anItem("a", { status: "done", target: "40%", createdAt: AT + 99, updatedAt: AT + 99 });
      expect(await store.backlog.put([put(changed, "30%")])).toEqual([{ ...changed, createdAt: AT }]);
      const entries = (await store.audit(10)).filter(({ action }) => action === "backlog.set");
      expect(entries.map(({ at, target, before, after }) => [at, target, before, after])).toEqual([
        [AT + 99, "a", "30%", "40%"],
        [AT, "a", null, "30%"],
      ]);
      expect((await store.verify()).findings).toEqual([]);
    });

    it("stores all items of a change or none", async () => {
      const broken = anItem("z", { lever: null as unknown as string });
      await expect(store.backlog.put([put(anItem("y")), put(broken)])).rejects.toThrow();
      expect(await store.backlog.list()).toEqual([]);
      expect((await store.audit(10)).filter(({ action }) => action === "backlog.set")).toEqual([]);
    });
  });
}
