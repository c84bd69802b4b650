import { Worker } from "node:worker_threads";
import { Problem } from "../../contract/problem.ts";
import type { ProblemCode } from "../../contract/problem-list.ts";
import type { Account, Budget } from "../../core/ledger/budget.ts";
import type { BudgetRaise } from "../../core/ledger/budget-raise.ts";
import type { Nano } from "../../core/money/usd.ts";
import type { Instant, Period } from "../../core/time/window.ts";
import type {
  AuditedChange,
  AuditRow,
  Beat,
  CreditAnswer,
  CreditRequest,
  Ending,
  EndingAnswer,
  FactTopic,
  Hold,
  IdempotencyClaim,
  IdempotencyState,
  LeaseAnswer,
  LeaseRequest,
  LedgerStore,
  News,
  OutboxRow,
  RaiseAnswer,
  Recall,
  Recovery,
  Return,
  StoredAnswer,
  StoreFindings,
  TrackAnswer,
  TrackRequest,
  VirtualKey,
  WishesTaken,
} from "../../ports/ledger-store.ts";
import { siblingModule } from "../../std/sibling-module.ts";
import { alertCalls } from "./alert-operations.ts";
import { backlogCalls } from "./backlog-operations.ts";
import { controlCalls } from "./control-operations.ts";
import { PostgresNews } from "./postgres-news.ts";
import { PostgresUsage } from "./postgres-usage.ts";
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
export async function openPostgresLedgerStore(
  options: StoreOptions & { readonly postgresUrl: string; readonly usageDays?: number },
  now: () => Instant,
): Promise<LedgerStore> {
  const { usageDays = 0, ...others } = options;
  const store = await openStoreThread(others, now);
  store.usage = new PostgresUsage(options.postgresUrl, usageDays);
  store.news = new PostgresNews(options.postgresUrl, (news) => store.tell(news));
  return store;
}

async function openStoreThread(options: StoreOptions, now: () => Instant): Promise<SqliteLedgerStore> {
  const worker = new Worker(siblingModule(import.meta.url, "./store-worker"), { workerData: options });
  const opened = await new Promise<Opened>((resolve, reject) => {
    worker.once("error", reject);
    worker.once("message", (message: { opened?: Opened; failed?: StoreReply["error"] }) => {
      if (message.opened) resolve(message.opened);
      else reject(errorOf(message.failed));
    });
  });
  return new SqliteLedgerStore(worker, opened, now);
}

interface Opened {
  readonly epoch: number;
  readonly shared: boolean;
  readonly version: number;
  readonly recovery: Recovery;
}

/** What nearly every ending is answered; its reply is the id alone. */
const PLAINLY_ENDED: EndingAnswer = { applied: true, warned: [] };

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

class SqliteLedgerStore implements LedgerStore {
  epoch: number;
  readonly shared: boolean;
  readonly version: number;
  readonly recovery: Recovery;
  readonly alerts = alertCalls((operation, parameters) => this.#call(operation, parameters));
  readonly backlog = backlogCalls((operation, parameters) => this.#call(operation, parameters));
  readonly controls = controlCalls((operation, parameters) => this.#call(operation, parameters));
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #now: () => Instant;
  readonly #listeners: ((news: News) => void)[] = [];
  readonly #waiting = new Map<number, Waiting>();
  /** Id, operation and parameters of each call, one after the other. */
  #outgoing: unknown[] = [];
  #sending: NodeJS.Immediate | undefined;
  #gathering: NodeJS.Timeout | undefined;
  #lastId = 0;
  #stopped: Error | undefined;
  news: PostgresNews | undefined;
  usage: PostgresUsage | undefined;

  constructor(worker: Worker, opened: Opened, now: () => Instant) {
    this.#worker = worker;
    this.#now = now;
    this.epoch = opened.epoch;
    this.shared = opened.shared;
    this.version = opened.version;
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

  beat(known: { version: number }): Promise<Beat> {
    return this.#call("beat", [known, this.#now()]);
  }

  async rejoin(): Promise<{ epoch: number; recovery: Recovery }> {
    const back: { epoch: number; recovery: Recovery } = await this.#call("rejoin", [this.#now()]);
    this.epoch = back.epoch;
    return back;
  }

  newestVersion(): Promise<number> {
    return this.#call("newestVersion", []);
  }

  recalls(): Promise<readonly Recall[]> {
    return this.#call("recalls", []);
  }

  get hearsNews(): boolean {
    return this.news?.hears ?? false;
  }

  onNews(listener: (news: News) => void): void {
    this.#listeners.push(listener);
  }

  tell(news: News): void {
    for (const listener of this.#listeners) listener(news);
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

  putBudgets(changes: Parameters<LedgerStore["putBudgets"]>[0]): Promise<readonly Budget[]> {
    return this.#call("putBudgets", [changes]);
  }

  raiseBudget(raise: Parameters<LedgerStore["raiseBudget"]>[0], actor: string): Promise<RaiseAnswer> {
    return this.#call("raiseBudget", [raise, actor]);
  }

  endRaise(request: Parameters<LedgerStore["endRaise"]>[0]): Promise<RaiseAnswer> {
    return this.#call("endRaise", [request]);
  }

  turnRaises(at: Instant): Promise<readonly Budget[]> {
    return this.#call("turnRaises", [at]);
  }

  raises(): Promise<readonly BudgetRaise[]> {
    return this.#call("raises", []);
  }

  findRaise(id: string): Promise<BudgetRaise | undefined> {
    return this.#call("findRaise", [id]);
  }

  raisesOf(budgetId: string, limit: number): Promise<readonly BudgetRaise[]> {
    return this.#call("raisesOf", [budgetId, limit]);
  }

  takeWishes(taken: Parameters<LedgerStore["takeWishes"]>[0]): Promise<WishesTaken> {
    return this.#call("takeWishes", [taken]);
  }

  creditBudget(request: CreditRequest): Promise<CreditAnswer> {
    return this.#call("creditBudget", [request]);
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

  keepFacts(facts: readonly string[], topic: FactTopic = "fact_usage"): Promise<void> {
    return this.#call("keepFacts", [facts, topic]);
  }

  spoolOutbox(topic: string, limit: number, path: string): Promise<readonly number[]> {
    return this.#call("spoolOutbox", [topic, limit, path]);
  }

  async ackOutbox(seqs: readonly number[]): Promise<void> {
    await this.usage?.keep(seqs);
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

  giveBack(returns: readonly Return[]): Promise<void> {
    return this.#call("giveBack", [returns, this.#now()]);
  }

  putKey(key: VirtualKey, change: AuditedChange): Promise<VirtualKey> {
    return this.#call("putKey", [key, change, this.#now()]);
  }

  async close(inOrder = true): Promise<void> {
    if (this.#stopped) return;
    this.news?.stop();
    this.usage?.stop();
    const closed = this.#call("close", [this.#now(), inOrder]);
    this.#stopped = new Problem("store_unavailable", {}, { message: "The ledger is closed." });
    await closed;
    await this.#exited;
  }

  /** Ends the writer thread as a crash would: what it has not been told is lost, and the ledger hears no word. For tests. */
  async crash(): Promise<void> {
    this.news?.stop();
    this.usage?.stop();
    this.#outgoing = [];
    if (!this.#stopped) this.#call("abandon", []).catch(() => {});
    this.#send();
    this.#fail(new Problem("store_unavailable", {}, { message: "The ledger is closed." }));
    await this.#exited;
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
    if (calls.length > 0) this.#worker.postMessage(calls);
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
