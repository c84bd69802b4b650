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
  readonly statements: readonly Statement[];
  /** Belongs to the transaction before it: it must not be carried out on another connection. */
  readonly continues: boolean;
}

export type BatchReply =
  | { readonly results: readonly { readonly rows: readonly SqlRow[]; readonly count: number }[] }
  | { readonly failure: { readonly code: string; readonly message: string } };

export interface PostgresThreadData {
  readonly url: string;
  readonly port: MessagePort;
  /** Set to 1, and woken, when a reply is in the port. */
  readonly replied: SharedArrayBuffer;
}

const STATEMENT_TIMEOUT_MS = 20_000;
/** A process that is paused in the middle of a transaction keeps all others waiting; the server ends it after this. */
const MOST_IDLE_MS = 1000;

const { url, port, replied } = workerData as PostgresThreadData;
invariant(parentPort, "postgres-thread.ts runs in a worker thread");
const flag = new Int32Array(replied);
const OPTIONS: postgres.Options<Record<string, postgres.PostgresType>> = {
  max: 1,
  types: { bigint: postgres.BigInt },
  connect_timeout: 5,
  onnotice: () => {},
  connection: { application_name: "ballast", statement_timeout: STATEMENT_TIMEOUT_MS, idle_in_transaction_session_timeout: MOST_IDLE_MS },
};
/** A client has one connection here, so that a lost one is replaced with its client. */
let client: postgres.Sql<{ bigint: bigint }> | undefined;
let connection: postgres.ReservedSql<{ bigint: bigint }> | undefined;

/** The connection; another one after it was lost. */
async function connected(): Promise<postgres.ReservedSql<{ bigint: bigint }>> {
  if (connection) return connection;
  const own = postgres(url, { ...OPTIONS, onclose: () => disconnect(own) }) as unknown as postgres.Sql<{ bigint: bigint }>;
  client = own;
  const fresh = await own.reserve();
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

async function carryOut({ statements, continues }: Batch): Promise<BatchReply> {
  let late: NodeJS.Timeout | undefined;
  try {
    if (continues && !connection) throw failure("CONNECTION_CLOSED", "the connection was lost in the middle of a transaction");
    const to = await connected();
    const answers = statements.map(({ text, values }) =>
      values.length === 0 ? to.unsafe(text) : to.unsafe(text, [...values] as postgres.ParameterOrJSON<never>[], { prepare: true }),
    );
    const tooLate = new Promise<never>((_, reject) => {
      late = setTimeout(() => reject(failure("ETIMEDOUT", "PostgreSQL did not answer in time")), STATEMENT_TIMEOUT_MS + 2000);
    });
    const results = (await Promise.race([Promise.all(answers), tooLate])).map((answer) => {
      return { rows: [...answer] as SqlRow[], count: answer.count };
    });
    return { results };
  } catch (error) {
    const { code = "", message } = error as Error & { code?: string };
    // A broken connection has lost its transaction and its lock.
    if (connection === undefined || /^(CONNECTION_|ECONN|EPIPE|ETIMEDOUT|57P0|25P03|08)/.test(code)) disconnect();
    return { failure: { code, message } };
  } finally {
    clearTimeout(late);
  }
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

port.on("message", async (batch: Batch | null) => {
  if (batch === null) {
    connection?.release();
    await client?.end({ timeout: 1 }).catch(() => {});
    port.close();
    parentPort!.close();
  } else port.postMessage(await carryOut(batch));
  Atomics.store(flag, 0, 1);
  Atomics.notify(flag, 0);
});
