import { createHash } from "node:crypto";
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import { Problem } from "../../contract/problem.ts";
import type { News } from "../../ports/ledger-store.ts";
import { siblingModule } from "../../std/sibling-module.ts";
import {
  type Ahead,
  type LedgerDatabase,
  OutcomeUnknown,
  type SqlParameters,
  type SqlRow,
  type SqlValue,
  StoreAway,
} from "./ledger-database.ts";
import type { Batch, BatchReply, PostgresThreadData, Statement } from "./postgres-thread.ts";
import { type Numbered, numberParameters, readStatements } from "./statement-file.ts";

/** Written together, as columns: one statement for all the calls of a transaction. */
const GATHERED: ReadonlySet<string> = new Set(["append-entry", "append-outbox"]);
/** Where append-entry has what may happen once, and what that answers when it did not happen. */
const ONCE_COLUMN = 11;
const LONGEST_WAIT_MS = 30_000;
/** How often a transaction waits for the lock, two seconds each time, before its callers are told. */
const MOST_LOCK_WAITS = 8;

/** PostgreSQL, Appendix A: lock_not_available. */
const LOCK_NOT_AVAILABLE = "55P03";

/** What a process holds while it changes the ledger: its number is the word ballast. */
const LEDGER_LOCK = 0x62616c6c617374n;

/**
 * A ledger in PostgreSQL, used by any number of processes, one transaction at a time (docs/decisions/0011). The statements are those of the embedded ledger, but for the few that
 * `statements-postgres/` replaces. The engine's thread waits while another one speaks to the server (postgres-thread.ts).
 */
export class PostgresDatabase implements LedgerDatabase {
  readonly shared = true;
  readonly hasGuideTables = true;
  readonly #url: string;
  readonly #thread: Worker;
  readonly #port: MessagePort;
  readonly #replied = new Int32Array(new SharedArrayBuffer(4));
  readonly #statements = new Map([
    ...readStatements(new URL("statements/", import.meta.url)),
    ...readStatements(new URL("statements-postgres/", import.meta.url)),
  ]);
  readonly #bound = new Map<string, Numbered>();
  /** Writes whose answer nobody waits for. They are sent before anything that is asked, and with the commit. */
  #pending: Statement[] = [];
  #gathered = new Map<string, SqlValue[][]>();
  /** What this transaction was asked about, and what of it has happened. */
  #asked = new Set<string>();
  #happened = new Set<string>();
  /** Accounts that were asked for at the beginning; undefined where there is none yet. */
  #accounts = new Map<string, SqlRow | undefined>();
  #news = new Set<string>();
  #open = false;
  #batches = 0;

  /** @throws Problem data_corrupt, store_unavailable */
  constructor(url: string) {
    this.#url = url;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const workerData: PostgresThreadData = { url, port: port2, replied: this.#replied.buffer as SharedArrayBuffer };
    this.#thread = new Worker(siblingModule(import.meta.url, "./postgres-thread"), { workerData, transferList: [port2] });
    this.#thread.unref();
    try {
      this.#migrate();
    } catch (error) {
      this.close();
      throw this.explain(error);
    }
  }

  one(name: string, parameters: SqlParameters): SqlRow | undefined {
    if (name === "account-by-id" && this.#accounts.has(String(parameters.id))) return this.#accounts.get(String(parameters.id));
    return this.#ask(this.#statement(name, parameters)).rows[0];
  }

  all(name: string, parameters: SqlParameters = {}): SqlRow[] {
    return [...this.#ask(this.#statement(name, parameters)).rows];
  }

  each(name: string): Iterable<SqlRow> {
    return this.all(name);
  }

  run(name: string, parameters: SqlParameters): number {
    return this.#ask(this.#statement(name, parameters)).count;
  }

  later(name: string, parameters: SqlParameters): void {
    this.#pending.push(this.#statement(name, parameters));
  }

  runPositional(name: string, ...parameters: SqlValue[]): number {
    if (name === "append-entry" && !this.#mayHappen(parameters[ONCE_COLUMN] as string | null)) return 0;
    if (GATHERED.has(name)) {
      const rows = this.#gathered.get(name);
      if (rows) rows.push(parameters);
      else this.#gathered.set(name, [parameters]);
      return 1;
    }
    return this.#ask({ text: this.#bind(name).text, values: parameters }).count;
  }

  begin(ahead: Ahead = { epoch: 0, once: [], accounts: [] }): SqlRow | undefined {
    this.#forget();
    const [, , head, seen, accounts] = this.#lock([
      this.#statement("ledger-head", { epoch: ahead.epoch }),
      this.#onceOf(ahead.once),
      this.#statement("accounts-by-ids", { ids: JSON.stringify(ahead.accounts) }),
    ]);
    this.#note(ahead.once, seen!.rows);
    for (const id of ahead.accounts) this.#accounts.set(id, undefined);
    for (const row of accounts!.rows) this.#accounts.set(String(row.id), row);
    return head!.rows[0];
  }

  commit(): void {
    const news = [...this.#news].map((payload) => ({ text: this.#bind("tell-news").text, values: [payload] }));
    try {
      this.#exchange([...this.#takePending(), ...news, { text: "COMMIT", values: [] }]);
    } catch (error) {
      // What the server says of itself, it has undone; of a connection that was lost nobody knows.
      if (isConnectionLost(error)) throw new OutcomeUnknown("the connection was lost in the middle of a commit", { cause: error });
      throw error;
    }
    this.#open = false;
  }

  tellNews(news: News): void {
    this.#news.add(JSON.stringify(news));
  }

  rollback(): void {
    this.#forget();
    if (!this.#open) return;
    this.#open = false;
    try {
      this.#exchange([{ text: "ROLLBACK", values: [] }]);
    } catch {
      // The server undoes what a lost connection had begun.
    }
  }

  close(): void {
    const last = Atomics.load(this.#replied, 0);
    try {
      this.#port.postMessage(null);
      Atomics.wait(this.#replied, 0, last, LONGEST_WAIT_MS);
    } finally {
      this.#port.close();
      void this.#thread.terminate();
    }
  }

  explain(error: unknown): Error {
    if (error instanceof Problem) return error;
    if (error instanceof OutcomeUnknown || error instanceof StoreAway) return this.explain(error.cause);
    const { message } = error as Error;
    const code = codeOf(error);
    const place = this.#place();
    // Connections, resources, an operator's interruption, a wrong address, no right to enter: nothing here is written.
    if (/^(CONNECT|ECONN|ENOTFOUND|EPIPE|ETIMEDOUT|EAI_|08|25|28|3D|53|55|57|58|40)/.test(code))
      return new Problem("store_unavailable", { path: place, said: message }, { cause: error });
    return error as Error;
  }

  #place(): string {
    return this.#url.replace(/\/\/[^@/]*@/, "//");
  }

  /** Begins a transaction when that of every other process has ended, and asks what comes with it. */
  #lock(questions: readonly Statement[]) {
    const begin = [{ text: "BEGIN", values: [] }, { text: this.#bind("lock-ledger").text, values: [LEDGER_LOCK] }, ...questions];
    for (let waited = 1; ; waited++) {
      try {
        const results = this.#exchange(begin);
        this.#open = true;
        return results;
      } catch (error) {
        // What fails here leaves a transaction that does nothing more, on a connection that is used again.
        this.#open = true;
        this.rollback();
        if (codeOf(error) !== LOCK_NOT_AVAILABLE || waited === MOST_LOCK_WAITS) throw new StoreAway("no transaction", { cause: error });
        this.#endSilentHolder();
      }
    }
  }

  /** A process that is paused in the middle of a transaction keeps all others waiting for as long as its machine says that it lives. */
  #endSilentHolder(): void {
    try {
      this.#exchange([{ text: this.#bind("end-silent-holder").text, values: [LEDGER_LOCK] }]);
    } catch {
      // Whoever waits next tries again.
    }
  }

  /** An entry that may happen once is written when it has not happened: before this transaction, or in it. */
  #mayHappen(once: string | null): boolean {
    if (once === null) return true;
    if (!this.#asked.has(once)) this.#note([once], this.#ask(this.#onceOf([once])).rows);
    if (this.#happened.has(once)) return false;
    this.#happened.add(once);
    return true;
  }

  #onceOf(once: readonly string[]): Statement {
    return { text: this.#bind("entries-of-once").text, values: [JSON.stringify(once)] };
  }

  #note(asked: readonly string[], rows: readonly SqlRow[]): void {
    for (const each of asked) this.#asked.add(each);
    for (const row of rows) this.#happened.add(String(row.once));
  }

  #forget(): void {
    this.#pending = [];
    this.#gathered = new Map();
    this.#asked = new Set();
    this.#happened = new Set();
    this.#accounts = new Map();
    this.#news = new Set();
  }

  /** What was gathered comes first: a lease names its process, a row of the outbox nothing. */
  #takePending(): Statement[] {
    const statements: Statement[] = [];
    for (const [name, rows] of this.#gathered) {
      const columns = rows[0]!.map((_, column) => JSON.stringify(rows.map((row) => asText(row[column]!))));
      statements.push({ text: this.#bind(name).text, values: columns });
    }
    statements.push(...this.#pending);
    this.#pending = [];
    this.#gathered = new Map();
    return statements;
  }

  #ask(statement: Statement) {
    return this.#exchange([...this.#takePending(), statement]).at(-1)!;
  }

  #exchange(batch: readonly Statement[]) {
    this.#batches = (this.#batches + 1) % 2 ** 30;
    const reply = this.#send({ number: this.#batches, statements: batch, continues: this.#open });
    if (reply === undefined || "failure" in reply) {
      const { code, message } = reply?.failure ?? { code: "ETIMEDOUT", message: "PostgreSQL did not answer in time" };
      throw Object.assign(new Error(message), { code });
    }
    return reply.results;
  }

  /** @returns undefined when there is no reply in time; what comes later is thrown away */
  #send(batch: Batch): BatchReply | undefined {
    const until = performance.now() + LONGEST_WAIT_MS;
    this.#port.postMessage(batch);
    for (let last = Atomics.load(this.#replied, 0); last !== batch.number; last = Atomics.load(this.#replied, 0)) {
      if (Atomics.wait(this.#replied, 0, last, Math.max(0, until - performance.now())) === "timed-out") return undefined;
    }
    for (let received = receiveMessageOnPort(this.#port); received; received = receiveMessageOnPort(this.#port)) {
      const reply = received.message as BatchReply;
      if (reply.number === batch.number) return reply;
    }
    return undefined;
  }

  #statement(name: string, parameters: SqlParameters): Statement {
    const { text, names } = this.#bind(name);
    return { text, values: names.map((each) => parameters[each] ?? null) };
  }

  #bind(name: string): Numbered {
    let bound = this.#bound.get(name);
    if (!bound) {
      const sql = this.#statements.get(name);
      if (!sql) throw new Error(`no statement named ${name}`);
      bound = numberParameters(sql);
      this.#bound.set(name, bound);
    }
    return bound;
  }

  /** All in one transaction, which waits for that of another process that starts at the same time. */
  #migrate(): void {
    this.#exchange([
      { text: "BEGIN", values: [] },
      { text: "SET LOCAL lock_timeout = 0", values: [] },
      { text: this.#bind("lock-ledger").text, values: [LEDGER_LOCK] },
      { text: "CREATE TABLE IF NOT EXISTS schema_migration (name TEXT PRIMARY KEY, sha256 TEXT NOT NULL)", values: [] },
    ]);
    this.#open = true;
    const [answer] = this.#exchange([{ text: "SELECT name, sha256 FROM schema_migration", values: [] }]);
    const applied = new Map(answer!.rows.map((row) => [String(row.name), String(row.sha256)]));
    const files = [...readStatements(new URL("migrations-postgres/", import.meta.url))].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [name, sql] of files) {
      const sha256 = createHash("sha256").update(sql).digest("hex");
      const before = applied.get(name);
      if (before === sha256) continue;
      if (before !== undefined)
        throw new Problem("data_corrupt", { migration: name }, { message: `The migration ${name} is not the one that made these tables.` });
      this.#exchange([
        { text: sql, values: [] },
        { text: "INSERT INTO schema_migration (name, sha256) VALUES ($1, $2)", values: [name, sha256] },
      ]);
    }
    this.#exchange([{ text: "COMMIT", values: [] }]);
    this.#open = false;
  }
}

function isConnectionLost(error: unknown): boolean {
  return /^(CONNECT|ECONN|EPIPE|ETIMEDOUT|57P0|25P03|08)/.test(codeOf(error));
}

function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? "";
}

/** As a member of a JSON array: bytes in hex, numbers as text, which keeps all their digits. */
function asText(value: SqlValue): string | null {
  if (value === null) return null;
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : String(value);
}
