import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Problem } from "../../contract/problem.ts";
import type { Instant } from "../../core/time/window.ts";
import type { Recovery } from "../../ports/ledger-store.ts";
import { alertOperations } from "./alert-operations.ts";
import { AuditLog } from "./audit-log.ts";
import { BalanceSheet } from "./balance-sheet.ts";
import { FolderLock } from "./folder-lock.ts";
import type { LedgerDatabase } from "./ledger-database.ts";
import { LedgerOperations } from "./ledger-operations.ts";
import { PostgresDatabase } from "./postgres-database.ts";
import { RecordOperations } from "./record-operations.ts";
import { recoverProcesses } from "./recover-processes.ts";
import { SqliteDatabase } from "./sqlite-database.ts";
import { verifyStore } from "./verify-store.ts";

export interface StoreOptions {
  /** Of the embedded ledger, and of the journal of calls, which is local with every ledger. */
  readonly folder: string;
  /** A PostgreSQL database, in place of the embedded ledger. */
  readonly postgresUrl?: string | undefined;
  readonly bootId: string;
  readonly openedAt: Instant;
  /** Bounds the file, so that tests can fill it as a full disk would. */
  readonly maxPages?: number | undefined;
}

export type Outcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: Error };

/**
 * The embedded store, synchronously: carries out requests in groups, each group one durable transaction.
 * Runs in a worker thread (store-worker.ts); simulations run it in theirs.
 */
export class StoreEngine {
  readonly epoch: number;
  readonly recovery: Recovery;
  readonly #database: LedgerDatabase;
  /** With a ledger elsewhere nothing else keeps a second process from this one's journal. */
  readonly #lock: FolderLock | undefined;
  readonly #sheet: BalanceSheet;
  readonly #audit: AuditLog;
  /** What is kept in memory may be of a transaction that failed. */
  #stale = false;
  readonly #operations: Readonly<Record<string, (...parameters: never[]) => unknown>>;

  constructor(options: StoreOptions) {
    try {
      mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new Problem("store_unavailable", { path: options.folder }, { cause: error });
    }
    this.#lock = options.postgresUrl === undefined ? undefined : new FolderLock(options.folder);
    const database: LedgerDatabase =
      options.postgresUrl === undefined
        ? new SqliteDatabase(join(options.folder, "ledger.sqlite"), options.maxPages)
        : new PostgresDatabase(options.postgresUrl);
    this.#database = database;
    let ledger: LedgerOperations;
    try {
      database.begin();
      this.epoch = Number(database.one("start-process", { bootId: options.bootId, startedAt: options.openedAt })!.epoch);
      this.#sheet = new BalanceSheet(database, this.epoch);
      this.#audit = new AuditLog(database);
      ledger = new LedgerOperations(database, this.#sheet, this.#audit);
      const { folder, bootId, openedAt } = options;
      const { recovery, deleteJournals } = recoverProcesses(database, this.#sheet, ledger, folder, bootId, openedAt);
      this.recovery = recovery;
      database.commit();
      database.own?.(this.epoch);
      deleteJournals();
    } catch (error) {
      database.close();
      this.#lock?.release();
      throw database.explain(error);
    }
    const records = new RecordOperations(database, this.#audit, this.epoch);
    this.#operations = {
      ...alertOperations(database, this.#audit),
      lease: ledger.lease.bind(ledger),
      leases: ledger.leases.bind(ledger),
      giveBack: ledger.giveBack.bind(ledger),
      end: ledger.end.bind(ledger),
      track: ledger.track.bind(ledger),
      resolveDoubt: ledger.resolveDoubt.bind(ledger),
      holdsInDoubt: ledger.holdsInDoubt.bind(ledger),
      budgets: () => this.#sheet.budgets(),
      budgetsNamed: ledger.budgetsNamed.bind(ledger),
      putBudget: ledger.putBudget.bind(ledger),
      accounts: ledger.accounts.bind(ledger),
      crossings: records.crossings.bind(records),
      keys: records.keys.bind(records),
      putKey: records.putKey.bind(records),
      claimIdempotency: records.claimIdempotency.bind(records),
      answerOf: records.answerOf.bind(records),
      dropIdempotency: records.dropIdempotency.bind(records),
      readOutbox: records.readOutbox.bind(records),
      spoolOutbox: records.spoolOutbox.bind(records),
      ackOutbox: records.ackOutbox.bind(records),
      parkOutbox: records.parkOutbox.bind(records),
      outboxDepth: records.outboxDepth.bind(records),
      audit: records.audit.bind(records),
      appendAudit: records.appendAudit.bind(records),
      bookedPerTenant: records.bookedPerTenant.bind(records),
      verify: () => {
        this.#sheet.flush();
        return verifyStore(database);
      },
    };
  }

  /**
   * Carries out the requests in order, in one transaction that is on disk when this returns.
   * When a request fails in a way it should not have, the group is undone and each request is tried by itself.
   */
  run(requests: readonly { readonly operation: string; readonly parameters: readonly unknown[] }[]): Outcome[] {
    try {
      return this.#transact(requests);
    } catch (error) {
      if (requests.length === 1) return [{ ok: false, error: this.#database.explain(error) }];
      return requests.flatMap((request) => this.run([request]));
    }
  }

  /** @param inOrder false leaves it to the next start to put right what is open */
  close(endedAt: Instant, inOrder: boolean): void {
    try {
      if (!inOrder) return;
      this.#database.begin();
      this.#database.run("end-process", { epoch: this.epoch, endedAt });
      this.#database.commit();
    } finally {
      this.#database.close();
      this.#lock?.release();
    }
  }

  /** As a crash would: without a word to the file. For simulations. */
  abandon(): void {
    this.#database.rollback();
    this.#database.close();
    this.#lock?.release();
  }

  /** When it is the database that failed, it cannot be read either: so not at once, but with the next transaction. */
  #refresh(): void {
    this.#sheet.reload();
    this.#audit.reload();
    this.#stale = false;
  }

  #transact(requests: readonly { readonly operation: string; readonly parameters: readonly unknown[] }[]): Outcome[] {
    const outcomes: Outcome[] = [];
    try {
      this.#database.begin(onceOf(requests));
      if (this.#stale) this.#refresh();
      for (const { operation, parameters } of requests) {
        const carryOut = this.#operations[operation];
        if (!carryOut) throw new Error(`the store has no operation ${operation}`);
        try {
          outcomes.push({ ok: true, value: carryOut(...(parameters as never[])) });
        } catch (error) {
          // A Problem was found before anything was written; anything else leaves a half-done request, so all is undone.
          if (!(error instanceof Problem)) throw error;
          outcomes.push({ ok: false, error });
        }
      }
      this.#sheet.flush();
      this.#database.commit();
      return outcomes;
    } catch (error) {
      this.#database.rollback();
      this.#stale = true;
      throw error;
    }
  }
}

/** What the requests may do a single time: the store looks all of it up at once. */
function onceOf(requests: readonly { readonly operation: string; readonly parameters: readonly unknown[] }[]): string[] {
  return requests.flatMap(({ operation, parameters }) => {
    const { holdId } = (parameters[0] ?? {}) as { holdId?: string };
    if (operation === "end") return [`end:${holdId}`];
    return operation === "resolveDoubt" ? [`resolve:${holdId}`] : [];
  });
}
