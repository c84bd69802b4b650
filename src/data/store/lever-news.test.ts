import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type PostgresServer, postgresIsHere, startPostgres } from "../../../test/servers/postgres-server.ts";
import type { LedgerStore } from "../../ports/ledger-store.ts";
import { BudgetCatalog } from "./budget-catalog.ts";
import { CallJournal } from "./call-journal.ts";
import { aControlChange } from "./control-store-conformance.ts";
import { KeyRing } from "./key-ring.ts";
import { LeaseDesk } from "./lease-desk.ts";
import { LeverBoard } from "./lever-board.ts";
import { CHANGE_POLL_MS, ProcessLife } from "./process-life.ts";
import { openPostgresLedgerStore, openSqliteLedgerStore } from "./sqlite-ledger-store.ts";

const now = () => Date.now();
const WITHIN_MS = 1000;

type Open = (folder: string, place: string) => Promise<LedgerStore>;

/** How long a change of a lever takes from one process of a ledger to another, as both run in production. */
function leverNews(name: string, prepare: () => Promise<{ open: Open; empty(): Promise<void>; dispose(): Promise<void> }>): void {
  describe(`a lever on ${name}`, () => {
    let subject: Awaited<ReturnType<typeof prepare>>;
    let folder: string;
    const stops: (() => Promise<void>)[] = [];

    beforeAll(async () => {
      subject = await prepare();
    });
    afterAll(() => subject?.dispose());
    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), "ballast-lever-news-"));
      await subject.empty();
    });
    afterEach(async () => {
      for (const stop of stops.splice(0)) await stop();
      rmSync(folder, { recursive: true, force: true });
    });

    async function gateway(place: string): Promise<{ store: LedgerStore; levers: LeverBoard }> {
      const store = await subject.open(folder, place);
      const budgets = await BudgetCatalog.open(store, null);
      const keys = await KeyRing.open(store, now);
      const journal = new CallJournal(join(folder, place), store.epoch);
      const desk = new LeaseDesk({ store, catalog: budgets, journal, beforeRetry: async () => {} });
      const levers = new LeverBoard();
      levers.renew(await store.controls.states());
      const life = new ProcessLife({ store, budgets, keys, desk, levers, log: { warn: () => {} } });
      await life.beat();
      const polling = setInterval(() => void life.learnChanges().catch(() => {}), CHANGE_POLL_MS);
      stops.push(async () => {
        clearInterval(polling);
        await store.close();
        journal.close();
      });
      return { store, levers };
    }

    it(`reaches another process within ${WITHIN_MS} ms, and one that starts later`, async () => {
      const first = await gateway("one");
      const second = await gateway("two");
      const of = { useCase: "ops é", provider: "p", models: [] };
      let slowestMs = 0;
      for (let change = 0; change < 5; change++) {
        const value = 25 + change;
        await first.store.controls.recordTick({ at: now(), switchRevision: 0, subjects: [aControlChange(value, { was: change })] });
        const storedAt = performance.now();
        await expect.poll(() => second.levers.inForce(of).small_model_share, { interval: 2, timeout: 5000 }).toBe(value);
        slowestMs = Math.max(slowestMs, performance.now() - storedAt);
      }
      expect(slowestMs, `the slowest of five changes on ${name} took ${Math.round(slowestMs)} ms`).toBeLessThan(WITHIN_MS);
      const third = await gateway("three");
      expect(third.levers.inForce(of)).toEqual({ small_model_share: 29 });
    });
  });
}

leverNews("one SQLite file", async () => ({
  empty: async () => {},
  open: (folder, place) =>
    openSqliteLedgerStore({ folder, journalFolder: join(folder, place), bootId: "boot-1", openedAt: now(), name: place }, now),
  dispose: async () => {},
}));

if (postgresIsHere()) {
  leverNews("PostgreSQL", async () => {
    const server: PostgresServer = await startPostgres();
    let url = "";
    return {
      async empty() {
        url = await server.database();
      },
      open: (folder, place) =>
        openPostgresLedgerStore({ folder: join(folder, place), postgresUrl: url, bootId: "boot-1", openedAt: now(), name: place }, now),
      dispose: () => server.close(),
    };
  });
}
