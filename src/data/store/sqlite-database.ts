import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { Problem } from "../../contract/problem.ts";
import type { Ahead, LedgerDatabase, SqlParameters, SqlRow, SqlValue } from "./ledger-database.ts";
import { readStatements } from "./statement-file.ts";

export interface SqliteOptions {
  /** Bounds the file, so that tests can fill it as a full disk would. */
  readonly maxPages?: number | undefined;
  /** Whether other processes have the file open too; each transaction then waits for theirs. */
  readonly shared?: boolean | undefined;
  /** In place of the machine's clock, for simulations. */
  readonly clock?: (() => number) | undefined;
}

const MACHINE_CLOCK = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

/** How long a transaction waits for those of other processes. */
const SHARED_WAIT_MS = 5000;

/** The embedded store's file: one writer, exclusively locked, every commit on disk before it is acknowledged. */
export class SqliteDatabase implements LedgerDatabase {
  readonly shared: boolean;
  readonly hasGuideTables = false;
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #statements = readStatements(new URL("statements/", import.meta.url));
  /** Milliseconds, in SQL: what PostgreSQL has a function for. */
  readonly #clock: string;
  readonly #prepared = new Map<string, StatementSync>();

  /** @throws Problem data_dir_in_use, data_corrupt, store_unavailable */
  constructor(path: string, { maxPages, shared = false, clock }: SqliteOptions = {}) {
    this.#path = path;
    this.shared = shared;
    mkdirSync(dirname(path), { recursive: true });
    this.#database = new DatabaseSync(path, { timeout: shared ? SHARED_WAIT_MS : 200 });
    try {
      if (!shared) this.#database.exec("PRAGMA locking_mode = EXCLUSIVE");
      if (clock) this.#database.function("simulated_clock", () => BigInt(clock()));
      this.#clock = clock ? "simulated_clock()" : MACHINE_CLOCK;
      this.#database.exec("PRAGMA journal_mode = WAL");
      this.#database.exec("PRAGMA synchronous = FULL");
      this.#database.exec("PRAGMA foreign_keys = ON");
      this.#database.exec("PRAGMA cache_size = -16384");
      this.#database.exec("PRAGMA wal_autocheckpoint = 4000");
      if (maxPages !== undefined) this.#database.exec(`PRAGMA max_page_count = ${maxPages}`);
      this.#migrate();
    } catch (error) {
      this.#database.close();
      throw problemOf(error, path);
    }
  }

  one(name: string, parameters: SqlParameters): SqlRow | undefined {
    return this.#prepare(name).get(parameters) as SqlRow | undefined;
  }

  all(name: string, parameters: SqlParameters = {}): SqlRow[] {
    return this.#prepare(name).all(parameters) as SqlRow[];
  }

  each(name: string): Iterable<SqlRow> {
    return this.#prepare(name).iterate() as Iterable<SqlRow>;
  }

  /** @returns the number of rows changed */
  run(name: string, parameters: SqlParameters): number {
    return Number(this.#prepare(name).run(parameters).changes);
  }

  later(name: string, parameters: SqlParameters): void {
    this.#prepare(name).run(parameters);
  }

  /** As run, with parameters by position, for the statements that every call needs. */
  runPositional(name: string, ...parameters: SqlValue[]): number {
    return Number(this.#prepare(name).run(...parameters).changes);
  }

  begin(ahead?: Ahead): SqlRow | undefined {
    this.#database.exec("BEGIN IMMEDIATE");
    return this.shared && ahead ? this.one("ledger-head", { epoch: ahead.epoch }) : undefined;
  }

  commit(): void {
    this.#database.exec("COMMIT");
  }

  rollback(): void {
    if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
  }

  tellNews(): void {}

  close(): void {
    this.#database.close();
  }

  explain(error: unknown): Error {
    return problemOf(error, this.#path);
  }

  #prepare(name: string): StatementSync {
    let statement = this.#prepared.get(name);
    if (!statement) {
      const sql = this.#statements.get(name);
      if (!sql) throw new Error(`no statement named ${name}`);
      statement = this.#database.prepare(sql.replaceAll("store_clock()", this.#clock).replaceAll("store_started()", "0"));
      statement.setReadBigInts(true);
      this.#prepared.set(name, statement);
    }
    return statement;
  }

  #migrate(): void {
    const files = [...readStatements(new URL("migrations/", import.meta.url))].sort(([a], [b]) => (a < b ? -1 : 1));
    this.#database.exec("CREATE TABLE IF NOT EXISTS schema_migration (name TEXT PRIMARY KEY, sha256 TEXT NOT NULL) STRICT");
    const applied = new Map(
      this.#database
        .prepare("SELECT name, sha256 FROM schema_migration")
        .all()
        .map((row) => [String(row.name), String(row.sha256)]),
    );
    for (const [name, sql] of files) {
      const sha256 = createHash("sha256").update(sql).digest("hex");
      const before = applied.get(name);
      if (before === sha256) continue;
      if (before !== undefined)
        throw new Problem("data_corrupt", { migration: name }, { message: `The migration ${name} is not the one that made this file.` });
      this.begin();
      this.#database.exec(sql);
      this.#database.prepare("INSERT INTO schema_migration (name, sha256) VALUES (?, ?)").run(name, sha256);
      this.commit();
    }
  }
}

/** A lock, damage, or a disk that does not take writes. */
function problemOf(error: unknown, path: string): Error {
  if (error instanceof Problem) return error;
  const primary = Number((error as { errcode?: number }).errcode ?? 0) & 0xff;
  const said = error instanceof Error ? error.message : String(error);
  switch (primary) {
    case 5: // SQLITE_BUSY
    case 6: // SQLITE_LOCKED
      return new Problem("data_dir_in_use", { path }, { cause: error });
    case 11: // SQLITE_CORRUPT
    case 26: // SQLITE_NOTADB
      return new Problem("data_corrupt", { path, said }, { cause: error });
    case 8: // SQLITE_READONLY
    case 10: // SQLITE_IOERR
    case 13: // SQLITE_FULL
    case 14: // SQLITE_CANTOPEN
      return new Problem("store_unavailable", { path, said }, { cause: error });
    default:
      return error instanceof Error ? error : new Error(said);
  }
}
