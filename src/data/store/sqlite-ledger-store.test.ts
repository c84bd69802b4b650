import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LedgerStore } from "../../ports/ledger-store.ts";
import { alertStoreConformance } from "./alert-store-conformance.ts";
import { backlogStoreConformance } from "./backlog-store-conformance.ts";
import { budgetOperationsConformance } from "./budget-operations-conformance.ts";
import { CallJournal, readJournal } from "./call-journal.ts";
import { controlStoreConformance } from "./control-store-conformance.ts";
import { AT, aBudget, anEnding, CHANGE, type LedgerStoreUnderTest, ledgerStoreConformance, WINDOW } from "./ledger-store-conformance.ts";
import { openSqliteLedgerStore } from "./sqlite-ledger-store.ts";

async function sqlite(): Promise<LedgerStoreUnderTest> {
  let own: string;
  return {
    async empty(folder) {
      own = folder;
    },
    open: (more = {}) => openSqliteLedgerStore({ folder: own, bootId: "boot-1", openedAt: AT, ...more }, () => AT),
    async tamper(sql) {
      const database = new DatabaseSync(join(own, "ledger.sqlite"));
      database.exec(sql);
      database.close();
    },
    async dispose() {},
  };
}

ledgerStoreConformance("SQLite", sqlite);
alertStoreConformance("SQLite", sqlite);
backlogStoreConformance("SQLite", sqlite);
budgetOperationsConformance("SQLite", sqlite);
controlStoreConformance("SQLite", sqlite);

let folder: string;
let store: LedgerStore | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ballast-store-"));
});
afterEach(async () => {
  await store?.close().catch(() => {});
  store = undefined;
  rmSync(folder, { recursive: true, force: true });
});

async function open(more: { maxPages?: number } = {}): Promise<LedgerStore> {
  store = await openSqliteLedgerStore({ folder, bootId: "boot-1", openedAt: AT, ...more }, () => AT);
  return store;
}

describe("the embedded ledger's file", () => {
  it("has no tables for people to write budgets into, so that nothing waits there", async () => {
    const store = await open();
    const taken = await store.takeWishes({ at: AT, newBudgets: { thresholds: [], warnPercent: 80 } });
    expect(taken).toEqual({ budgets: [], refused: [], more: false });
  });

  it("tells a second process that the folder is in use", async () => {
    await open();
    await expect(openSqliteLedgerStore({ folder, bootId: "boot-1", openedAt: AT }, () => AT)).rejects.toMatchObject({
      code: "data_dir_in_use",
    });
  });

  it("says that a file which is no ledger cannot be used, and leaves it alone", async () => {
    writeFileSync(join(folder, "ledger.sqlite"), "this is not a database, it is a diary, and a long one at that ".repeat(20));
    await expect(open()).rejects.toMatchObject({ code: "data_corrupt" });
    expect(readFileSync(join(folder, "ledger.sqlite"), "utf8")).toContain("diary");
  });
});

describe("a full disk", () => {
  it("refuses what it cannot write, loses nothing that was acknowledged, and goes on when there is room", async () => {
    const opened = await open({ maxPages: 80 });
    await opened.putBudget(aBudget({ limitNano: 1_000_000n }), CHANGE);
    await opened.lease({ at: AT, wants: [{ budgetId: "b", window: WINDOW, missingNano: 900_000n }], create: [] });
    let acknowledged = 0n;
    let refused: unknown;
    for (let number = 0; number < 500 && !refused; number++) {
      try {
        await opened.end(anEnding(`h${number}`, "settle", 1n, 1n, { trace: JSON.stringify({ padding: "x".repeat(2000) }) }));
        acknowledged += 1n;
      } catch (error) {
        refused = error;
      }
    }
    expect(refused).toMatchObject({ code: "store_unavailable" });
    expect(acknowledged).toBeGreaterThan(0n);
    const [account] = await opened.accounts(["b"], AT);
    expect(account!.spentNano).toBe(acknowledged);
    await opened.ackOutbox((await opened.readOutbox("request_trace", 1000)).map((row) => row.seq));
    expect((await opened.end(anEnding("after", "settle", 1n, 1n))).applied).toBe(true);
    expect((await opened.verify()).findings).toEqual([]);
  });
});

describe("the journal of calls", () => {
  it("begins a new file with the calls not yet stored when the old one has grown", async () => {
    const journal = new CallJournal(folder, 7, 300);
    for (let number = 0; number < 50; number++) {
      const holdId = `h${number}`;
      await journal.hold({ holdId, at: AT, scope: { tenant: "a\tb" }, amountNano: 5n, accounts: ["x", "y"] });
      await journal.ending({ holdId, kind: "settle", amountNano: 3n, inputTokens: 1, outputTokens: 2, trace: null });
      if (number !== 3) journal.forget(holdId);
    }
    const { holds, endings, whole } = readJournal(folder, 7);
    expect(whole).toBe(true);
    expect(holds.map((hold) => hold.holdId)).toContain("h3");
    expect(endings.get("h3")).toMatchObject({ kind: "settle", amountNano: 3n });
    expect(holds.length).toBeLessThan(20);
    expect(holds[0]).toMatchObject({ scope: { tenant: "a\tb" }, amountNano: 5n, accounts: ["x", "y"] });
    expect(readdirSync(folder).filter((file) => file.endsWith(".journal"))).toHaveLength(1);
  });
});
