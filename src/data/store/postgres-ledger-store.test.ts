import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
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
import { controlStoreConformance } from "./control-store-conformance.ts";
import { LeaseDesk } from "./lease-desk.ts";
import { AT, aBudget, CHANGE, type LedgerStoreUnderTest, ledgerStoreConformance } from "./ledger-store-conformance.ts";
import { openPostgresLedgerStore } from "./sqlite-ledger-store.ts";

const LEDGER_LOCK = 0x62616c6c617374n;

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
  controlStoreConformance("PostgreSQL", inPostgres);

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

    it("is not kept waiting by a process that fell silent with half a message sent, in the middle of its transaction", async () => {
      const store = await open();
      const silent = await silentHolder(url);
      const startedAt = performance.now();
      await Promise.all([store.putBudget(aBudget({ id: "b" }), CHANGE), store.putBudget(aBudget({ id: "c" }), CHANGE)]);
      expect(performance.now() - startedAt).toBeLessThan(15_000);
      expect((await store.budgets()).map(({ id }) => id).sort()).toEqual(["b", "c"]);
      expect(await silent.ended).toContain("terminating connection due to administrator command");
    });

    it("waits for another process that is at work, and leaves it alone", async () => {
      const store = await open();
      const other = postgres(url, { max: 1, onnotice: () => {} });
      const work = other.begin(async (own) => {
        await own.unsafe(`SELECT pg_advisory_xact_lock(${LEDGER_LOCK})`);
        return await own`SELECT pg_sleep(5)`;
      });
      await new Promise((resolve) => setTimeout(resolve, 300));
      // Nothing is quiet long enough for the server to end a transaction that was left behind.
      const asking = setInterval(() => void store.accounts(["b"], AT).catch(() => {}), 200);
      await store.putBudget(aBudget({ id: "b" }), CHANGE);
      clearInterval(asking);
      expect(await work).toHaveLength(1);
      await other.end();
      expect((await store.verify()).findings).toEqual([]);
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

  /** A session that holds the ledger's lock, and has sent a statement without saying that it is the last. Frontend/backend protocol 3.0. */
  async function silentHolder(url: string): Promise<{ ended: Promise<string> }> {
    const { hostname, port, pathname } = new URL(url);
    const socket = connect(Number(port), hostname);
    let said = "";
    socket.on("data", (piece) => {
      said += piece.toString("latin1");
    });
    socket.on("error", () => {});
    const ended = once(socket, "close").then(() => said);
    const ready = async (times: number) => {
      await expect.poll(() => said.split("Z\0\0\0\x05").length - 1, { timeout: 10_000 }).toBe(times);
    };
    const sized = (text: string) => {
      const body = Buffer.from(text, "latin1");
      const size = Buffer.alloc(4);
      size.writeInt32BE(body.length + 4);
      return Buffer.concat([size, body]);
    };
    socket.write(sized(`\0\x03\0\0user\0ballast\0database\0${pathname.slice(1)}\0\0`));
    await ready(1);
    for (const [index, statement] of ["BEGIN", `SELECT pg_advisory_xact_lock(${LEDGER_LOCK})`].entries()) {
      socket.write(Buffer.concat([Buffer.from("Q"), sized(`${statement}\0`)]));
      await ready(2 + index);
    }
    socket.write(Buffer.concat([Buffer.from("P"), sized("\0SELECT 1\0\0\0"), Buffer.from("H"), sized("")]));
    return { ended };
  }
} else it.skip("PostgreSQL as a ledger: skipped, there is no PostgreSQL here", () => {});
