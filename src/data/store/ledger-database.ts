/** What a value of a row is: integers are bigint, since money does not fit a number. */
export type SqlValue = null | number | bigint | string | Uint8Array;
export type SqlRow = Record<string, SqlValue>;
export type SqlParameters = Readonly<Record<string, SqlValue>>;

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
  /** As run, with parameters by position, for the statements that every call needs. May be carried out as late as the commit. */
  runPositional(name: string, ...parameters: SqlValue[]): number;
  /** The process that writes through this connection. A connection that was lost is used again only while the process is not taken for dead. */
  own?(epoch: number): void;
  /** @param once what the transaction may try to do that is done a single time, to be looked up together */
  begin(once?: readonly string[]): void;
  commit(): void;
  rollback(): void;
  close(): void;
  /** What the database says, in our words: a Problem where there is one for it. */
  explain(error: unknown): Error;
}
