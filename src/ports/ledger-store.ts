import type { Account, Budget } from "../core/ledger/budget.ts";
import type { BudgetRaise } from "../core/ledger/budget-raise.ts";
import type { Nano } from "../core/money/usd.ts";
import type { Scope, ScopeDimension } from "../core/scope/scope.ts";
import type { Instant, Period } from "../core/time/window.ts";
import type { AlertStore } from "./alert-store.ts";
import type { BacklogStore } from "./backlog-store.ts";
import type { ControlStore, StoredControl } from "./control-store.ts";

/**
 * What must be true now: budgets, accounts, leases, entries, keys, idempotency, audit and the outbox.
 * Every promise resolves only after the change is durable. All reject with Problem store_unavailable when the store cannot
 * write; nothing of a rejected request has happened.
 */
export interface LedgerStore {
  /** This process's number in the store: rises with each start, fences its leases. Another one after `rejoin`. */
  readonly epoch: number;
  /** Whether other processes lease from the same store. */
  readonly shared: boolean;
  /** Up to which change the budgets and keys that are asked for after opening go, at least: what the first beat has to know. */
  readonly version: number;
  /** What was found and put right at opening. */
  readonly recovery: Recovery;

  /** Leases for one call on several accounts, all or none; creates the accounts, and the budgets that are due, first. */
  lease(request: LeaseRequest): Promise<LeaseAnswer>;
  /** What this process has been leased of each account and has not settled, put in doubt or given back: after all requests before this one. */
  leases(): Promise<readonly { readonly account: string; readonly amountNano: Nano }[]>;
  giveBack(returns: readonly Return[]): Promise<void>;
  /** Ends holds and records their traces. Ending a hold again changes nothing. */
  end(ending: Ending): Promise<EndingAnswer>;
  /** Books cost reported after the fact. The same request id again answers as before and books nothing. */
  track(request: TrackRequest): Promise<TrackAnswer>;
  resolveDoubt(request: { holdId: string; amountNano: Nano; at: Instant; actor: string; reason: string }): Promise<Hold>;
  holdsInDoubt(limit: number): Promise<readonly Hold[]>;

  /**
   * Tells the store that this process lives, takes for dead who was not heard of for too long, and hears what others did.
   * Where nobody else writes there is nothing to hear.
   * @throws Problem process_fenced when this process was taken for dead
   */
  beat(known: { version: number }): Promise<Beat>;
  /**
   * After process_fenced: reports this process's journal, of which every record must be written, and goes on under a new number. What has
   * ended is booked, what is under way is in doubt under its own name, the rest of the leases is free.
   */
  rejoin(): Promise<{ readonly epoch: number; readonly recovery: Recovery }>;
  /** Up to which change others have come by now: a question that costs next to nothing, for where there is no news. */
  newestVersion(): Promise<number>;
  /** Recalls that this process has not answered: for when news may have been missed. */
  recalls(): Promise<readonly Recall[]>;
  /** Tells of what other processes do, as soon as it is known; may miss something, and beat() and recalls() do not. */
  onNews(listener: (news: News) => void): void;
  /** Whether there is news now; else it has to be asked for. */
  readonly hearsNews: boolean;

  /** Every budget but those that first calls of runs have made, of which there may be very many. */
  budgets(): Promise<readonly Budget[]>;
  /** Those of these budgets that there are, of runs too. */
  budgetsNamed(ids: readonly string[]): Promise<readonly Budget[]>;
  putBudget(budget: Budget, change: AuditedChange): Promise<Budget>;
  /** Several at once, all or none. */
  putBudgets(changes: readonly { readonly budget: Budget; readonly change: AuditedChange }[]): Promise<readonly Budget[]>;
  /**
   * Decides a raise; one whose time has come is in force when this resolves. The same again changes nothing.
   * @throws Problem idempotency_key_reused when the id is another raise's
   */
  raiseBudget(raise: Omit<BudgetRaise, "state" | "endedEarly">, actor: string): Promise<RaiseAnswer>;
  /** Ends a raise before its time. One that is over stays as it is. @throws Problem not_found */
  endRaise(request: { id: string; at: Instant; actor: string; reason: string }): Promise<RaiseAnswer>;
  /** Books what has begun or ended by now, each once. @returns the budgets whose limit changed */
  turnRaises(at: Instant): Promise<readonly Budget[]>;
  /** Raises that are in force or will be. */
  raises(): Promise<readonly BudgetRaise[]>;
  findRaise(id: string): Promise<BudgetRaise | undefined>;
  /** Raises of a budget, those that are over too, the newest first. */
  raisesOf(budgetId: string, limit: number): Promise<readonly BudgetRaise[]>;
  /**
   * Takes what people wrote into the ledger's SQL tables (docs/concepts/guide-tables.md), and keeps those tables. Nothing where there are none.
   * @param taken.newBudgets what budgets begin with that were made there
   */
  takeWishes(taken: { at: Instant; newBudgets: WishedBudget }): Promise<WishesTaken>;
  /**
   * Takes an amount off what is spent in the window around `at`. The same again changes nothing.
   * @throws Problem amount_invalid when less is spent, idempotency_key_reused when the id is another reset's
   */
  creditBudget(request: CreditRequest): Promise<CreditAnswer>;
  /** Accounts of the budgets in the window around `at`; accounts that do not exist yet are opened on paper only. */
  accounts(budgetIds: readonly string[], at: Instant): Promise<readonly Account[]>;
  crossings(accounts: readonly string[]): Promise<readonly { account: string; percent: number; at: Instant }[]>;

  keys(): Promise<readonly VirtualKey[]>;
  putKey(key: VirtualKey, change: AuditedChange): Promise<VirtualKey>;

  /** Claims an Idempotency-Key before anything is sent, or tells what became of the first use. */
  claimIdempotency(claim: IdempotencyClaim): Promise<IdempotencyState>;
  /** The newest answer that the same key and tenant got to the same request, under whatever Idempotency-Key. */
  answerOf(request: { readonly keyId: string; readonly fingerprint: string; readonly at: Instant }): Promise<StoredAnswer | undefined>;
  /** Lets go of a claim whose call was never sent. */
  dropIdempotency(keyId: string, key: string): Promise<void>;

  /** Takes what applications told, each a UsageFact or a Rating as JSON, for the warehouse, under that topic of the outbox. All or none. */
  keepFacts(facts: readonly string[], topic?: FactTopic): Promise<void>;
  readOutbox(topic: string, limit: number): Promise<readonly OutboxRow[]>;
  /**
   * Writes the oldest rows of a topic into a file, one a line, for a process that reads it there: the server's thread never copies them.
   * @returns their numbers, in the order of the lines
   */
  spoolOutbox(topic: string, limit: number, path: string): Promise<readonly number[]>;
  ackOutbox(seqs: readonly number[]): Promise<void>;
  /** Sets rows aside that can never be delivered, with the reason; they stay readable. */
  parkOutbox(rows: readonly { seq: number; reason: string }[]): Promise<void>;
  outboxDepth(): Promise<{ waiting: number; parked: number }>;

  /** Alerts and what becomes of them. */
  readonly alerts: AlertStore;

  /** What is planned to make calls cost less. */
  readonly backlog: BacklogStore;

  /** Levers, approvals and postmortems. */
  readonly controls: ControlStore;

  audit(limit: number): Promise<readonly AuditRow[]>;
  appendAudit(change: AuditedChange, at: Instant): Promise<void>;

  /** Recomputes every balance from the entries and checks both hash chains. */
  verify(): Promise<StoreFindings>;
  /** Booked cost per tenant of the calls whose trace lies in [from, to). */
  bookedPerTenant(period: Period): Promise<readonly { tenant: string; bookedNano: Nano; traces: number }[]>;
  /** @param inOrder false when calls are still open: the next start then takes this process for dead and puts them right */
  close(inOrder?: boolean): Promise<void>;
}

/** `fact_usage` unless said otherwise. */
export type FactTopic = "fact_usage" | "rating";

export interface RaiseAnswer {
  readonly raise: BudgetRaise;
  /** Budgets whose limit in force changed with it. */
  readonly budgets: readonly Budget[];
  /** It had been done before, and nothing was changed now. */
  readonly repeated: boolean;
}

export interface CreditRequest {
  readonly id: string;
  readonly budgetId: string;
  /** Null is all that is spent. */
  readonly amountNano: Nano | null;
  /** Counted tokens that go with it, at most as many as there are; none unless said otherwise. Then the amount may be 0. */
  readonly tokens?: { readonly input: bigint; readonly output: bigint } | undefined;
  readonly at: Instant;
  readonly actor: string;
  readonly approver: string;
  readonly reason: string;
}

/** What SQL does not say of a budget. */
export type WishedBudget = Pick<Budget, "thresholds" | "warnPercent">;

export interface WishesTaken {
  /** Budgets that changed, or whose accounts did. */
  readonly budgets: readonly Budget[];
  /** What was wanted and could not be, each in a sentence; it is in the audit log too. */
  readonly refused: readonly string[];
  /** More wait. */
  readonly more: boolean;
}

export interface CreditAnswer {
  readonly budget: Budget;
  readonly account: Account;
  readonly creditedNano: Nano;
  /** It had been booked before under this id, and nothing was changed now. */
  readonly repeated: boolean;
}

export interface Recovery {
  readonly deadProcesses: number;
  /** Calls whose end only the journal of the dead process knew. */
  readonly endingsBooked: number;
  readonly holdsInDoubt: number;
  readonly inDoubtNano: Nano;
  readonly givenBackNano: Nano;
  /** Set when the last journal could not be read to its end: whole leases then count as in doubt. */
  readonly journalDamaged: boolean;
}

export interface LeaseRequest {
  readonly at: Instant;
  readonly wants: readonly { readonly budgetId: string; readonly window: Period; readonly missingNano: Nano }[];
  /** Budgets to create in the same transaction when no such id exists. The answer has them as they stand then. */
  readonly create: readonly Budget[];
  /** Recalls that were made for this call already, by account: who has answered them is not waited for. */
  readonly recalls?: Readonly<Record<string, number>> | undefined;
}

/** Idle money of an account is wanted by another process. */
export interface Recall {
  readonly account: string;
  readonly number: number;
}

export interface Return {
  readonly account: string;
  readonly amountNano: Nano;
  /** The highest recall of the account that was known when the money was taken out of the lease. */
  readonly answers?: number | undefined;
}

export interface Beat {
  /** Whether this process does the jobs that one process does for all. */
  readonly leads: boolean;
  /** Up to where the changes below go: to be known at the next beat. */
  readonly version: number;
  readonly budgets: readonly Budget[];
  readonly keys: readonly VirtualKey[];
  readonly controls: readonly StoredControl[];
  readonly recalls: readonly Recall[];
  /** Processes that were just taken for dead, and what is in doubt with them. */
  readonly expired: readonly { readonly epoch: number; readonly name: string; readonly inDoubtNano: Nano }[];
}

export type News =
  | ({ readonly kind: "recall" } & Recall)
  | { readonly kind: "returned"; readonly account: string }
  | { readonly kind: "changed" }
  /** Somebody wrote into the SQL tables. */
  | { readonly kind: "wished" }
  /** News may have been missed. */
  | { readonly kind: "reconnected" };

export interface Grant {
  readonly account: string;
  readonly amountNano: Nano;
  /** What may still be spent or be in doubt until the account is above its warning share; below zero when it is. */
  readonly warnsAfterNano: Nano;
}

export type LeaseAnswer =
  | {
      readonly outcome: "granted";
      readonly grants: readonly Grant[];
      /** The budgets of `create` as they are stored, whoever created them. */
      readonly created: readonly Budget[];
    }
  | {
      readonly outcome: "short";
      readonly account: Account;
      readonly created: readonly Budget[];
      /** Set when others may give idle money back: the recall that was made, and who has still to answer it. */
      readonly recall?: { readonly number: number; readonly awaits: readonly string[] } | undefined;
      /** Number of the newest entry when the store looked: the balances are those of the entries up to it. */
      readonly asOfEntry: number;
    };

export interface Ending {
  readonly kind: "settle" | "release" | "doubt" | "none";
  readonly holdId: string;
  /** Under which number of this process the hold was made; the present one unless said otherwise. */
  readonly epoch?: number | undefined;
  readonly accounts: readonly string[];
  readonly heldNano: Nano;
  readonly amountNano: Nano;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly at: Instant;
  readonly tenant: string;
  /** RequestTrace as JSON, for the outbox; null when the call has another record. */
  readonly trace: string | null;
  readonly idempotency?: { readonly keyId: string; readonly key: string; readonly answer: StoredAnswer } | undefined;
  /** Why the hold is in doubt, for whoever has to find out what it cost. Only for kind doubt. */
  readonly doubt?: string | undefined;
  /** What is to be told of the call, as a row of the outbox under "alert". */
  readonly alert?: string | undefined;
}

export interface EndingAnswer {
  /** False when the hold had ended before. */
  readonly applied: boolean;
  /** Accounts of this ending that are above their warning share. */
  readonly warned: readonly string[];
}

export interface StoredAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface TrackRequest {
  readonly requestId: string;
  readonly at: Instant;
  readonly tenant: string;
  readonly wants: readonly { readonly budgetId: string; readonly window: Period }[];
  readonly create: readonly Budget[];
  readonly amountNano: Nano;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** To tell a repeat from another request under the same id. */
  readonly fingerprint: string;
  readonly trace: string;
}

export type TrackAnswer =
  | { readonly outcome: "booked"; readonly accounts: readonly Account[]; readonly created: readonly Budget[] }
  | { readonly outcome: "repeated"; readonly accounts: readonly Account[]; readonly created: readonly Budget[] }
  | { readonly outcome: "conflict" };

export interface Hold {
  readonly holdId: string;
  readonly accounts: readonly string[];
  readonly heldNano: Nano;
  readonly since: Instant;
  readonly reason: string;
}

export interface VirtualKey {
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the secret, hex. The secret itself is shown once and kept nowhere. */
  readonly hash: string;
  /** First characters of the secret, to recognise it by. */
  readonly hint: string;
  readonly scope: Scope;
  /** Dimensions that the caller may set by header. */
  readonly mayName: readonly ScopeDimension[];
  /** Exact names or a trailing *; empty allows all. */
  readonly models: readonly string[];
  readonly createdAt: Instant;
  readonly expiresAt: Instant | null;
  readonly revokedAt: Instant | null;
}

export interface AuditedChange {
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly reason: string;
  readonly before: string | null;
  readonly after: string | null;
}

export interface AuditRow extends AuditedChange {
  readonly seq: number;
  readonly at: Instant;
}

export interface IdempotencyClaim {
  readonly keyId: string;
  readonly key: string;
  readonly fingerprint: string;
  readonly at: Instant;
  readonly expiresAt: Instant;
}

export type IdempotencyState =
  | { readonly state: "claimed" }
  | { readonly state: "running" }
  | { readonly state: "in_doubt" }
  | { readonly state: "conflict" }
  | { readonly state: "answered"; readonly answer: StoredAnswer };

export interface OutboxRow {
  readonly seq: number;
  readonly payload: string;
}

export interface StoreFindings {
  readonly entries: number;
  readonly accounts: number;
  readonly auditRows: number;
  readonly outboxWaiting: number;
  readonly outboxParked: number;
  readonly inDoubtHolds: number;
  /** Empty when all is well; each a whole sentence. */
  readonly findings: readonly string[];
}
