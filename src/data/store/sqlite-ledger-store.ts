import { Worker } from "node:worker_threads";
import { Problem } from "../../contract/problem.ts";
import type { ProblemCode } from "../../contract/problem-list.ts";
import type { Account, Budget } from "../../core/ledger/budget.ts";
import type { Nano } from "../../core/money/usd.ts";
import type { Instant, Period } from "../../core/time/window.ts";
import type {
  AuditedChange,
  AuditRow,
  Ending,
  EndingAnswer,
  Hold,
  IdempotencyClaim,
  IdempotencyState,
  LeaseAnswer,
  LeaseRequest,
  LedgerStore,
  OutboxRow,
  Recovery,
  StoredAnswer,
  StoreFindings,
  TrackAnswer,
  TrackRequest,
  VirtualKey,
} from "../../ports/ledger-store.ts";
import { siblingModule } from "../../std/sibling-module.ts";
import { alertCalls } from "./alert-operations.ts";
import type { StoreOptions } from "./store-engine.ts";
import { endParameters } from "./store-messages.ts";
import type { StoreReply } from "./store-worker.ts";

/**
 * Endings are in the journal when they come here, and nobody waits for them: they gather this long, unless something else is asked,
 * before which they are sent. A transaction then carries dozens of calls instead of a few.
 */
const ENDINGS_GATHER_MS = 50;
const MOST_GATHERED = 500;

/**
 * The embedded store, seen from the server's thread: every method is a message to the writer thread.
 * Calls made in one turn of the event loop travel together, in their order.
 * @throws Problem data_dir_in_use, data_corrupt, store_unavailable
 */
export function openSqliteLedgerStore(options: Omit<StoreOptions, "postgresUrl">, now: () => Instant): Promise<LedgerStore> {
  return openStoreThread(options, now);
}

/** A ledger in PostgreSQL, behind the same thread: its transactions gather as those of the embedded one do. */
export function openPostgresLedgerStore(
  options: StoreOptions & { readonly postgresUrl: string },
  now: () => Instant,
): Promise<LedgerStore> {
  return openStoreThread(options, now);
}

async function openStoreThread(options: StoreOptions, now: () => Instant): Promise<LedgerStore> {
  const worker = new Worker(siblingModule(import.meta.url, "./store-worker"), { workerData: options });
  const opened = await new Promise<{ epoch: number; recovery: Recovery }>((resolve, reject) => {
    worker.once("error", reject);
    worker.once("message", (message: { opened?: { epoch: number; recovery: Recovery }; failed?: StoreReply["error"] }) => {
      if (message.opened) resolve(message.opened);
      else reject(errorOf(message.failed));
    });
  });
  return new SqliteLedgerStore(worker, opened, now);
}

/** What nearly every ending is answered; its reply is the id alone. */
const PLAINLY_ENDED: EndingAnswer = { applied: true, warned: [] };

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

class SqliteLedgerStore implements LedgerStore {
  readonly epoch: number;
  readonly recovery: Recovery;
  readonly alerts = alertCalls((operation, parameters) => this.#call(operation, parameters));
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #now: () => Instant;
  readonly #waiting = new Map<number, Waiting>();
  /** Id, operation and parameters of each call, one after the other. */
  #outgoing: unknown[] = [];
  #sending: NodeJS.Immediate | undefined;
  #gathering: NodeJS.Timeout | undefined;
  #lastId = 0;
  #stopped: Error | undefined;

  constructor(worker: Worker, opened: { epoch: number; recovery: Recovery }, now: () => Instant) {
    this.#worker = worker;
    this.#now = now;
    this.epoch = opened.epoch;
    this.recovery = opened.recovery;
    worker.on("message", (replies: (StoreReply | number)[]) => this.#receive(replies));
    worker.on("error", (error) => this.#fail(new Problem("store_unavailable", {}, { cause: error })));
    this.#exited = new Promise((resolve) => worker.once("exit", () => resolve()));
    worker.on("exit", () => this.#fail(new Problem("store_unavailable", {}, { message: "The ledger is closed." })));
  }

  lease(request: LeaseRequest): Promise<LeaseAnswer> {
    return this.#call("lease", [request]);
  }

  leases(): Promise<readonly { account: string; amountNano: Nano }[]> {
    return this.#call("leases", []);
  }

  end(ending: Ending): Promise<EndingAnswer> {
    return this.#call("end", endParameters(ending), ending.idempotency === undefined);
  }

  track(request: TrackRequest): Promise<TrackAnswer> {
    return this.#call("track", [request]);
  }

  resolveDoubt(request: Parameters<LedgerStore["resolveDoubt"]>[0]): Promise<Hold> {
    return this.#call("resolveDoubt", [request]);
  }

  holdsInDoubt(limit: number): Promise<readonly Hold[]> {
    return this.#call("holdsInDoubt", [limit]);
  }

  budgets(): Promise<readonly Budget[]> {
    return this.#call("budgets", []);
  }

  budgetsNamed(ids: readonly string[]): Promise<readonly Budget[]> {
    return this.#call("budgetsNamed", [ids]);
  }

  putBudget(budget: Budget, change: AuditedChange): Promise<Budget> {
    return this.#call("putBudget", [budget, change]);
  }

  accounts(budgetIds: readonly string[], at: Instant): Promise<readonly Account[]> {
    return this.#call("accounts", [budgetIds, at]);
  }

  crossings(accounts: readonly string[]): Promise<readonly { account: string; percent: number; at: Instant }[]> {
    return this.#call("crossings", [accounts]);
  }

  keys(): Promise<readonly VirtualKey[]> {
    return this.#call("keys", []);
  }

  claimIdempotency(claim: IdempotencyClaim): Promise<IdempotencyState> {
    return this.#call("claimIdempotency", [claim]);
  }

  answerOf(request: Parameters<LedgerStore["answerOf"]>[0]): Promise<StoredAnswer | undefined> {
    return this.#call("answerOf", [request]);
  }

  dropIdempotency(keyId: string, key: string): Promise<void> {
    return this.#call("dropIdempotency", [keyId, key]);
  }

  readOutbox(topic: string, limit: number): Promise<readonly OutboxRow[]> {
    return this.#call("readOutbox", [topic, limit]);
  }

  spoolOutbox(topic: string, limit: number, path: string): Promise<readonly number[]> {
    return this.#call("spoolOutbox", [topic, limit, path]);
  }

  ackOutbox(seqs: readonly number[]): Promise<void> {
    return this.#call("ackOutbox", [seqs]);
  }

  parkOutbox(rows: readonly { seq: number; reason: string }[]): Promise<void> {
    return this.#call("parkOutbox", [rows]);
  }

  outboxDepth(): Promise<{ waiting: number; parked: number }> {
    return this.#call("outboxDepth", []);
  }

  audit(limit: number): Promise<readonly AuditRow[]> {
    return this.#call("audit", [limit]);
  }

  appendAudit(change: AuditedChange, at: Instant): Promise<void> {
    return this.#call("appendAudit", [change, at]);
  }

  verify(): Promise<StoreFindings> {
    return this.#call("verify", []);
  }

  bookedPerTenant(period: Period): Promise<readonly { tenant: string; bookedNano: Nano; traces: number }[]> {
    return this.#call("bookedPerTenant", [period]);
  }

  giveBack(returns: readonly { account: string; amountNano: Nano }[]): Promise<void> {
    return this.#call("giveBack", [returns, this.#now()]);
  }

  putKey(key: VirtualKey, change: AuditedChange): Promise<VirtualKey> {
    return this.#call("putKey", [key, change, this.#now()]);
  }

  async close(inOrder = true): Promise<void> {
    if (this.#stopped) return;
    await this.#call("close", [this.#now(), inOrder]);
    await this.#exited;
  }

  /** Ends the writer thread as a crash would, without a word to the file. For tests. */
  async crash(): Promise<void> {
    await this.#worker.terminate();
  }

  #call(operation: string, parameters: readonly unknown[], gathers = false): Promise<never> {
    if (this.#stopped) return Promise.reject(this.#stopped);
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#waiting.set(id, { resolve, reject });
      const length = this.#outgoing.push(id, operation, parameters);
      if (!gathers || length >= 3 * MOST_GATHERED) this.#sending ??= setImmediate(() => this.#send());
      else this.#gathering ??= setTimeout(() => this.#send(), ENDINGS_GATHER_MS);
    });
  }

  #send(): void {
    clearImmediate(this.#sending);
    clearTimeout(this.#gathering);
    this.#sending = undefined;
    this.#gathering = undefined;
    const calls = this.#outgoing;
    this.#outgoing = [];
    if (calls.length > 0 && !this.#stopped) this.#worker.postMessage(calls);
  }

  #receive(replies: (StoreReply | number)[]): void {
    for (const reply of replies) {
      const id = typeof reply === "number" ? reply : reply.id;
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (typeof reply === "number") waiting?.resolve(PLAINLY_ENDED as never);
      else if (reply.error) waiting?.reject(errorOf(reply.error));
      else waiting?.resolve(reply.value as never);
    }
  }

  #fail(error: Error): void {
    this.#stopped ??= error;
    for (const waiting of this.#waiting.values()) waiting.reject(this.#stopped);
    this.#waiting.clear();
  }
}

function errorOf(said: StoreReply["error"]): Error {
  const cause = Object.assign(new Error(said?.message ?? "the store did not say why"), { stack: said?.stack });
  return said?.code ? new Problem(said.code as ProblemCode, said.details, { cause, message: said.message }) : cause;
}
