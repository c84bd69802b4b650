import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Problem } from "../../contract/problem.ts";
import { accountId } from "../../core/ledger/budget.ts";
import type { Instant } from "../../core/time/window.ts";
import type { Ending, LeaseRequest, Recovery, Return } from "../../ports/ledger-store.ts";
import { randomName } from "../../std/random-id.ts";
import { alertOperations } from "./alert-operations.ts";
import { AuditLog } from "./audit-log.ts";
import { backlogOperations } from "./backlog-operations.ts";
import { BalanceSheet } from "./balance-sheet.ts";
import { budgetOperations } from "./budget-operations.ts";
import { deleteJournal } from "./call-journal.ts";
import { ControlOperations, controlOperations } from "./control-operations.ts";
import { FolderLock } from "./folder-lock.ts";
import { LeaseRecalls } from "./lease-recalls.ts";
import { type Ahead, type LedgerDatabase, OutcomeUnknown, StoreAway } from "./ledger-database.ts";
import { LedgerOperations } from "./ledger-operations.ts";
import { PostgresDatabase } from "./postgres-database.ts";
import { ProcessOperations } from "./process-operations.ts";
import { RecordOperations } from "./record-operations.ts";
import { SqliteDatabase } from "./sqlite-database.ts";
import { verifyStore } from "./verify-store.ts";

export interface StoreOptions {
  /** Of the embedded ledger, and of the journal of calls, which is local with every ledger. */
  readonly folder: string;
  /** A PostgreSQL database, in place of the embedded ledger. */
  readonly postgresUrl?: string | undefined;
  readonly bootId: string;
  readonly openedAt: Instant;
  /** How other processes call this one. */
  readonly name?: string | undefined;
  /** Whether it does, when it is the oldest, what one process does for all; it does unless said otherwise. */
  readonly doesJobs?: boolean | undefined;
  /** A folder of its own for the journal, where others have the embedded ledger open too. */
  readonly journalFolder?: string | undefined;
  /** Bounds the file, so that tests can fill it as a full disk would. */
  readonly maxPages?: number | undefined;
}

export type Outcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: Error };

/**
 * The embedded store, synchronously: carries out requests in groups, each group one durable transaction.
 * Runs in a worker thread (store-worker.ts); simulations run it in theirs.
 */
export class StoreEngine {
  readonly recovery: Recovery;
  readonly #database: LedgerDatabase;
  /** With a ledger elsewhere nothing else keeps a second process from this one's journal. */
  readonly #lock: FolderLock | undefined;
  readonly #sheet: BalanceSheet;
  readonly #audit: AuditLog;
  readonly #processes: ProcessOperations;
  /** What is kept in memory may be of a transaction that failed. */
  #stale = false;
  readonly #operations: Readonly<Record<string, (...parameters: never[]) => unknown>>;

  /** @param clock of an embedded ledger, for simulations */
  constructor(options: StoreOptions, clock?: () => number) {
    const folder = options.journalFolder ?? options.folder;
    try {
      mkdirSync(options.folder, { recursive: true, mode: 0o700 });
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new Problem("store_unavailable", { path: options.folder }, { cause: error });
    }
    const shared = options.postgresUrl !== undefined || options.journalFolder !== undefined;
    this.#lock = shared ? new FolderLock(folder) : undefined;
    const { maxPages, bootId } = options;
    let ledger: LedgerOperations;
    let controls: ControlOperations;
    let database: LedgerDatabase | undefined;
    try {
      database =
        options.postgresUrl === undefined
          ? new SqliteDatabase(join(options.folder, "ledger.sqlite"), { maxPages, shared, clock })
          : new PostgresDatabase(options.postgresUrl);
      this.#database = database;
      database.begin({ epoch: 0, once: [], accounts: [] });
      this.#sheet = new BalanceSheet(database);
      this.#audit = new AuditLog(database);
      const recalls = new LeaseRecalls(database, this.#sheet);
      ledger = new LedgerOperations(database, this.#sheet, this.#audit, recalls);
      const identity = { bootId, place: placeOf(folder), name: options.name ?? "ballast", doesJobs: options.doesJobs ?? true };
      controls = new ControlOperations(database, this.#audit, this.#sheet);
      this.#processes = new ProcessOperations({ database, sheet: this.#sheet, ledger, folder, bootId }, recalls, identity, controls);
      const { recovery, obsoleteJournals } = this.#processes.join(options.openedAt);
      this.recovery = recovery;
      this.#sheet.flush();
      database.commit();
      for (const epoch of obsoleteJournals) deleteJournal(folder, epoch);
    } catch (error) {
      database?.close();
      this.#lock?.release();
      throw database?.explain(error) ?? error;
    }
    const processes = this.#processes;
    const records = new RecordOperations(database, this.#audit, this.#sheet);
    this.#operations = {
      ...alertOperations(database, this.#audit),
      ...backlogOperations(database, this.#audit),
      ...controlOperations(controls),
      ...budgetOperations(database, this.#sheet, this.#audit),
      lease: ledger.lease.bind(ledger),
      leases: ledger.leases.bind(ledger),
      beat: processes.beat.bind(processes),
      rejoin: processes.rejoin.bind(processes),
      newestVersion: () => this.#sheet.version,
      recalls: processes.recalls.bind(processes),
      giveBack: ledger.giveBack.bind(ledger),
      end: ledger.end.bind(ledger),
      track: ledger.track.bind(ledger),
      resolveDoubt: ledger.resolveDoubt.bind(ledger),
      holdsInDoubt: ledger.holdsInDoubt.bind(ledger),
      budgets: () => this.#sheet.budgets(),
      budgetsNamed: ledger.budgetsNamed.bind(ledger),
      accounts: ledger.accounts.bind(ledger),
      crossings: records.crossings.bind(records),
      keys: records.keys.bind(records),
      putKey: records.putKey.bind(records),
      claimIdempotency: records.claimIdempotency.bind(records),
      answerOf: records.answerOf.bind(records),
      dropIdempotency: records.dropIdempotency.bind(records),
      keepFacts: records.keepFacts.bind(records),
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

  get epoch(): number {
    return this.#sheet.epoch;
  }

  /** Up to which change of budgets and keys it has seen. */
  get version(): number {
    return this.#sheet.version;
  }

  /** Whether other processes use the ledger too. */
  get shared(): boolean {
    return this.#database.shared;
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
      // What may have been done is not tried again here: whoever asked finds out. Nor is what could not be asked.
      if (error instanceof OutcomeUnknown || error instanceof StoreAway)
        return requests.map(() => ({ ok: false, error: this.#database.explain(error) }));
      return requests.flatMap((request) => this.run([request]));
    }
  }

  /** @param inOrder false leaves it to the next start to put right what is open */
  close(endedAt: Instant, inOrder: boolean): void {
    try {
      if (!inOrder) return;
      this.#database.begin({ epoch: this.epoch, once: [], accounts: [] });
      this.#processes.leave(endedAt);
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
    const { epoch } = this;
    try {
      const head = this.#database.begin(aheadOf(epoch, requests));
      if (this.#stale) this.#refresh();
      else if (head) {
        this.#sheet.catchUp(head);
        this.#audit.catchUp(head);
      }
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
      this.#sheet.become(epoch);
      this.#stale = true;
      throw error;
    }
  }
}

/** Names the folder, wherever the machine it is on is known under: made once, and found again as long as the folder is there. */
function placeOf(folder: string): string {
  const file = join(folder, "place");
  if (!existsSync(file)) writeFileSync(file, randomName(), { mode: 0o600 });
  return readFileSync(file, "utf8").trim();
}

/** What the requests are going to need of the store, to be asked together. */
function aheadOf(epoch: number, requests: readonly { readonly operation: string; readonly parameters: readonly unknown[] }[]): Ahead {
  const once: string[] = [];
  const accounts = new Set<string>();
  for (const { operation, parameters } of requests) {
    const [first] = parameters as readonly unknown[];
    if (operation === "end") {
      const ending = first as Ending;
      once.push(`end:${ending.holdId}`);
      for (const account of ending.accounts) accounts.add(account);
    } else if (operation === "resolveDoubt") once.push(`resolve:${(first as { holdId: string }).holdId}`);
    else if (operation === "giveBack") for (const { account } of first as readonly Return[]) accounts.add(account);
    else if (operation === "lease" || operation === "track") {
      for (const { budgetId, window } of (first as LeaseRequest).wants) accounts.add(accountId(budgetId, window));
    }
  }
  return { epoch, once, accounts: [...accounts] };
}
