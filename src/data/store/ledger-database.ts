import type { News } from "../../ports/ledger-store.ts";

/** What a value of a row is: integers are bigint, since money does not fit a number. */
export type SqlValue = null | number | bigint | string | Uint8Array;
export type SqlRow = Record<string, SqlValue>;
export type SqlParameters = Readonly<Record<string, SqlValue>>;

/** What a transaction is going to ask for, so that it can be asked together. */
export interface Ahead {
  readonly epoch: number;
  /** What it may try to do that is done a single time. */
  readonly once: readonly string[];
  readonly accounts: readonly string[];
}

/** The store may or may not have done it: nothing may be asked again that would count twice. */
export class OutcomeUnknown extends Error {
  override readonly name = "OutcomeUnknown";
}

/** The store could not be asked at all: no request is at fault, and trying each by itself would only take their callers' time. */
export class StoreAway extends Error {
  override readonly name = "StoreAway";
}

/**
 * The engine's way to its tables, by names of statement files. Synchronous: the engine has a thread of its own, and its rules read and
 * write in turn. A statement does not see writes before `begin` returned and is durable when `commit` has.
 */
export interface LedgerDatabase {
  one(name: string, parameters: SqlParameters): SqlRow | undefined;
  all(name: string, parameters?: SqlParameters): SqlRow[];
  each(name: string): Iterable<SqlRow>;
  /** @returns the number of rows changed */
  run(name: string, parameters: SqlParameters): number;
  /** As run, where nobody needs to know the number: may be carried out as late as the commit, but before anything that is asked. */
  later(name: string, parameters: SqlParameters): void;
  /** As run, with parameters by position, for the statements that every call needs. May be carried out as late as the commit. */
  runPositional(name: string, ...parameters: SqlValue[]): number;
  /** Whether other processes write too. Then a transaction begins only when theirs have ended, and with a look at what they did. */
  readonly shared: boolean;
  /** Whether people reach budgets and usage by SQL here, in the guide's tables. */
  readonly hasGuideTables: boolean;
  /** @returns the row of ledger-head, where others write too @throws StoreAway */
  begin(ahead?: Ahead): SqlRow | undefined;
  /** @throws OutcomeUnknown when the transaction may have been carried out all the same */
  commit(): void;
  rollback(): void;
  /** Tells other processes with the commit, where they can be told; those that cannot be find out by asking. */
  tellNews(news: News): void;
  close(): void;
  /** What the database says, in our words: a Problem where there is one for it. */
  explain(error: unknown): Error;
}
