import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type PostgresServer, postgresIsHere, startPostgres } from "../../../test/servers/postgres-server.ts";
import { selectorKey } from "../../core/scope/scope.ts";
import type { LedgerStore } from "../../ports/ledger-store.ts";
import { alertStoreConformance } from "./alert-store-conformance.ts";
import { backlogStoreConformance } from "./backlog-store-conformance.ts";
import { BudgetCatalog } from "./budget-catalog.ts";
import { budgetOperationsConformance } from "./budget-operations-conformance.ts";
import { CallJournal } from "./call-journal.ts";
import { LeaseDesk } from "./lease-desk.ts";
import { AT, aBudget, CHANGE, type LedgerStoreUnderTest, ledgerStoreConformance } from "./ledger-store-conformance.ts";
import { openPostgresLedgerStore } from "./sqlite-ledger-store.ts";

if (postgresIsHere()) {
  const inPostgres = async (): Promise<LedgerStoreUnderTest> => {
    const server = await startPostgres();
    let url: string;
    let folder: string;
    return {
      async empty(journals) {
        folder = journals;
        url = await server.database();
      },
      open: (more = {}) => openPostgresLedgerStore({ folder, postgresUrl: url, bootId: "boot-1", openedAt: AT, ...more }, () => AT),
      async tamper(change) {
        const sql = postgres(url, { max: 1 });
        await sql.unsafe(change);
        await sql.end();
      },
      dispose: () => server.close(),
    };
  };

  ledgerStoreConformance("PostgreSQL", inPostgres);
  alertStoreConformance("PostgreSQL", inPostgres);
  backlogStoreConformance("PostgreSQL", inPostgres);
  budgetOperationsConformance("PostgreSQL", inPostgres);

  describe("a ledger in PostgreSQL", () => {
    let server: PostgresServer;
    let url: string;
    let folder: string;
    const opened: LedgerStore[] = [];

    beforeAll(async () => {
      server = await startPostgres();
    });
    afterAll(() => server.close());
    beforeEach(async () => {
      url = await server.database();
      folder = mkdtempSync(join(tmpdir(), "ballast-postgres-store-"));
    });
    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close().catch(() => {});
      rmSync(folder, { recursive: true, force: true });
    });

    async function open(at = folder): Promise<LedgerStore> {
      const store = await openPostgresLedgerStore({ folder: at, postgresUrl: url, bootId: "boot-1", openedAt: AT }, () => AT);
      opened.push(store);
      return store;
    }

    it("that cannot be reached is told without its password", async () => {
      url = "postgres://ballast:very-secret@127.0.0.1:1/nowhere";
      const refused = await open().catch((error: unknown) => error as Error);
      expect(refused).toMatchObject({ code: "store_unavailable" });
      expect(JSON.stringify([refused, (refused as Error).message, (refused as Error).stack])).not.toContain("very-secret");
    });

    it("may be restarted under a running process: what was ended meanwhile is booked once it is back", async () => {
      const store = await open();
      const catalog = await BudgetCatalog.open(store, null);
      const selector = { tenant: "a" };
      await catalog.put(aBudget({ id: selectorKey(selector), selector, limitNano: 1_000_000n }), CHANGE);
      const journal = new CallJournal(folder, store.epoch);
      let failures = 0;
      const beforeRetry = async () => {
        failures += 1;
        await new Promise((resolve) => setTimeout(resolve, 50));
      };
      const desk = new LeaseDesk({ store, catalog, journal, beforeRetry });
      const call = async (holdId: string) => {
        const result = await desk.hold(holdId, [{ tenant: "a", provider: "p", model: "m" }], 100n, AT);
        if (result.outcome === "refused") throw new Error("refused");
        const { accounts, amountNano: heldNano } = result.hold;
        const tokens = { inputTokens: 1, outputTokens: 1 };
        await desk.end({ kind: "settle", holdId, accounts, heldNano, amountNano: 40n, ...tokens, at: AT, tenant: "a", trace: "{}" });
      };
      let ended = 0;
      const calling = (async () => {
        for (let number = 0; ended < 300; number++) {
          try {
            await call(`h${number}`);
            ended += 1;
          } catch (error) {
            expect(error).toMatchObject({ code: "store_unavailable" });
          }
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      })();
      await new Promise((resolve) => setTimeout(resolve, 200));
      await server.restart();
      await calling;
      await expect.poll(() => desk.openHolds(), { timeout: 10_000 }).toBe(0);
      expect(failures).toBeGreaterThan(0);
      expect(await desk.status([selectorKey(selector)], AT)).toMatchObject([{ spentNano: BigInt(ended) * 40n, inDoubtNano: 0n }]);
      expect((await store.verify()).findings).toEqual([]);
      journal.abandon();
    });
  });
} else it.skip("PostgreSQL as a ledger: skipped, there is no PostgreSQL here", () => {});
