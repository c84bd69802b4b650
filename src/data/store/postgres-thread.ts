import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import postgres from "postgres";
import { invariant } from "../../core/invariant.ts";
import type { SqlRow, SqlValue } from "./ledger-database.ts";

/*
 * Speaks to PostgreSQL for the engine's thread, which sleeps meanwhile: statements come in batches, are sent without waiting for one
 * another, and answered together. One connection, so that a transaction is what happens between BEGIN and COMMIT.
 */
export interface Statement {
  readonly text: string;
  readonly values: readonly (SqlValue | readonly SqlValue[])[];
}

export interface Batch {
  /** Its reply has the same, so that one which comes too late is not taken for the next one's. */
  readonly number: number;
  readonly statements: readonly Statement[];
  /** Belongs to the transaction before it: it must not be carried out on another connection. */
  readonly continues: boolean;
}

export type BatchReply = { readonly number: number } & (
  | { readonly results: readonly { readonly rows: readonly SqlRow[]; readonly count: number }[] }
  | { readonly failure: { readonly code: string; readonly message: string } }
);

export interface PostgresThreadData {
  readonly url: string;
  readonly port: MessagePort;
  /** Set to the number of the batch, and woken, when its reply is in the port. */
  readonly replied: SharedArrayBuffer;
}

const STATEMENT_TIMEOUT_MS = 20_000;
/** Another process's transaction takes milliseconds; whoever waits longer looks who keeps it waiting (end-silent-holder.sql). */
const LOCK_TIMEOUT_MS = 2000;
/** The client tries again for ever where a connection is closed before it is ready, as one through a proxy is. */
const CONNECT_TIMEOUT_MS = 5000;
/** A process that is paused in the middle of a transaction keeps all others waiting; the server ends it after this. */
const MOST_IDLE_MS = 1000;

const { url, port, replied } = workerData as PostgresThreadData;
invariant(parentPort, "postgres-thread.ts runs in a worker thread");
const flag = new Int32Array(replied);
const OPTIONS: postgres.Options<Record<string, postgres.PostgresType>> = {
  max: 1,
  types: { bigint: postgres.BigInt },
  connect_timeout: CONNECT_TIMEOUT_MS / 1000,
  onnotice: () => {},
  connection: {
    application_name: "ballast",
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: MOST_IDLE_MS,
  },
};
/** A client has one connection here, so that a lost one is replaced with its client. */
let client: postgres.Sql<{ bigint: bigint }> | undefined;
let connection: postgres.ReservedSql<{ bigint: bigint }> | undefined;

/** The connection; another one after it was lost. */
async function connected(): Promise<postgres.ReservedSql<{ bigint: bigint }>> {
  if (connection) return connection;
  const own = postgres(url, { ...OPTIONS, onclose: () => disconnect(own) }) as unknown as postgres.Sql<{ bigint: bigint }>;
  client = own;
  const fresh = await inTime(own.reserve(), CONNECT_TIMEOUT_MS, "CONNECT_TIMEOUT", "PostgreSQL could not be reached in time");
  connection = fresh;
  return fresh;
}

/** A query on a connection that closed while nothing was asked would wait for ever, so it is let go of at once. */
function disconnect(lost = client): void {
  if (lost !== client) return;
  client = undefined;
  connection = undefined;
  // Nothing is left to be said on it, and a server that hangs is not waited for.
  void lost?.end({ timeout: 0 }).catch(() => {});
}

async function carryOut({ number, statements, continues }: Batch): Promise<BatchReply> {
  try {
    if (continues && !connection) throw failure("CONNECTION_CLOSED", "the connection was lost in the middle of a transaction");
    const to = await connected();
    const answers = statements.map(({ text, values }) =>
      values.length === 0 ? to.unsafe(text) : to.unsafe(text, [...values] as postgres.ParameterOrJSON<never>[], { prepare: true }),
    );
    const all = await inTime(Promise.all(answers), STATEMENT_TIMEOUT_MS + 2000, "ETIMEDOUT", "PostgreSQL did not answer in time");
    return { number, results: all.map((answer) => ({ rows: [...answer] as SqlRow[], count: answer.count })) };
  } catch (error) {
    const { code = "", message } = error as Error & { code?: string };
    // A broken connection has lost its transaction and its lock.
    if (connection === undefined || /^(CONNECT|ECONN|EPIPE|ETIMEDOUT|57P0|25P03|08)/.test(code)) disconnect();
    return { number, failure: { code, message } };
  }
}

/** Ends what is waited for now. */
let giveUp: ((error: Error) => void) | undefined;

/** @throws Error with the code when it takes longer, or when the client fails meanwhile */
async function inTime<Value>(done: Promise<Value>, ms: number, code: string, words: string): Promise<Value> {
  let late: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    giveUp = reject;
    late = setTimeout(() => reject(failure(code, words)), ms);
  });
  try {
    return await Promise.race([done, tooLate]);
  } finally {
    giveUp = undefined;
    clearTimeout(late);
  }
}

// The client writes to a socket that is gone when a connection closes between two of its turns (postgres 3.4.9, `nextWrite`), and nobody
// could catch that: it would end this thread, and the ledger with it. The connection is lost then, and nothing else.
process.on("uncaughtException", (error: Error) => {
  disconnect();
  giveUp?.(failure("CONNECTION_CLOSED", `the connection was lost: ${error.message}`));
});

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** One batch after the other: who gave up waiting for one must not have the next one overtake it. */
let before: Promise<void> = Promise.resolve();
port.on("message", (batch: Batch | null) => {
  before = before.then(() => (batch === null ? leave() : answer(batch)));
});

async function answer(batch: Batch): Promise<void> {
  port.postMessage(await carryOut(batch));
  Atomics.store(flag, 0, batch.number);
  Atomics.notify(flag, 0);
}

async function leave(): Promise<void> {
  connection?.release();
  await client?.end({ timeout: 1 }).catch(() => {});
  port.close();
  parentPort!.close();
  Atomics.store(flag, 0, -1);
  Atomics.notify(flag, 0);
}
