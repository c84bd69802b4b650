import { setTimeout as sleep } from "node:timers/promises";
import { MOST_COST_NANO } from "../../contract/most-amounts.ts";
import { Problem } from "../../contract/problem.ts";
import { type Account, availableNano, type Budget } from "../../core/ledger/budget.ts";
import { formatUsd, type Nano } from "../../core/money/usd.ts";
import type { CallScope } from "../../core/scope/scope.ts";
import type { Instant } from "../../core/time/window.ts";
import type { Ending, LedgerStore, Recall } from "../../ports/ledger-store.ts";
import type { BudgetCatalog } from "./budget-catalog.ts";
import { BudgetsOfCall, type CalledBudgets } from "./budgets-of-call.ts";
import type { CallJournal, JournalledHold } from "./call-journal.ts";
import { type After, type OwnLease, OwnLeases } from "./own-leases.ts";
import { WarningWatch } from "./warning-watch.ts";

export interface HeldMoney {
  readonly holdId: string;
  readonly accounts: readonly string[];
  readonly budgets: readonly Budget[];
  readonly amountNano: Nano;
}

export type HoldResult =
  | { readonly outcome: "held"; readonly hold: HeldMoney }
  | {
      readonly outcome: "refused";
      readonly budget: Budget;
      readonly account: AccountStatus;
      /** All budgets of the call, this one too. */
      readonly budgets: readonly Budget[];
      /** Processes that may have had idle money and did not answer in time. */
      readonly awaited: readonly string[];
      /** Number of the newest entry that the numbers of the account are as of. */
      readonly asOfEntry: number;
    };

/**
 * An account with what is held of it: by this process, and whatever others have leased. freeNano = limit - spent - in doubt - held: what a new call could hold.
 */
export interface AccountStatus extends Account {
  readonly heldNano: Nano;
  readonly idleNano: Nano;
  /** Of what is held: what other processes have leased. It may lie idle there, and comes back when a call needs it. */
  readonly elsewhereNano: Nano;
  readonly freeNano: Nano;
  /** Whether a call was refused for it, since the process started or the budget changed. */
  readonly hasRefused: boolean;
}

/** A shortage answered by the store is settled in one or two rounds; more means that other calls keep taking what was leased. */
const MOST_ROUNDS = 50;

/** How long a call waits for what others hold idle. */
const RECALL_WAIT_MS = 250;

/** News of a return may be lost with its connection; the store is asked again after this. */
const ASK_AGAIN_MS = 50;

/** More endings than this on their way to the store, and the next one waits for it: the store sets the pace, not memory. */
const MOST_ON_THEIR_WAY = 10_000;

/** How long an answer waits for a ledger that cannot write before it is given anyway; its hold stays until it is booked. */
const LONGEST_WAIT_MS = 2000;

export interface LeaseDeskOptions {
  readonly store: LedgerStore;
  readonly catalog: BudgetCatalog;
  readonly journal: Pick<CallJournal, "hold" | "ending" | "forget" | "written" | "renew">;
  /**
   * Told of every failed attempt to store an ending, or without a hold to come back after this process was taken for dead; it is tried
   * again when this resolves, for as long as it takes.
   */
  readonly beforeRetry: (failure: { readonly holdId?: string; readonly error: unknown; readonly attempt: number }) => Promise<void>;
  /** Milliseconds of a clock that nobody sets; the machine's own unless said otherwise. */
  readonly steadyNow?: (() => number) | undefined;
  /** A timer of that clock. */
  readonly after?: After | undefined;
  /** How long a call waits for what others hold idle before it is refused. */
  readonly recallWaitMs?: number | undefined;
}

/**
 * Where calls get their money. A hold is taken from leases in memory, on all accounts of the call or none; the store is asked only when
 * a lease runs short, and a call is refused only when the account itself cannot give what is missing.
 */
export class LeaseDesk {
  readonly #store: LedgerStore;
  readonly #catalog: BudgetCatalog;
  readonly #journal: LeaseDeskOptions["journal"];
  readonly #beforeRetry: LeaseDeskOptions["beforeRetry"];
  readonly #leases: OwnLeases;
  readonly #steadyNow: () => number;
  readonly #recallWaitMs: number;
  /** Holds whose ending was refused by the store, and is being tried again. */
  readonly #unwritten = new Set<string>();
  /** Endings that the store has not acknowledged, by hold. */
  readonly #onTheirWay = new Map<string, Promise<void>>();
  readonly #warnings = new WarningWatch();
  readonly #called: BudgetsOfCall;
  readonly #refused = new Set<string>();

  constructor(options: LeaseDeskOptions) {
    const { store, catalog, journal, beforeRetry, recallWaitMs = RECALL_WAIT_MS } = options;
    const { steadyNow = () => performance.now(), after = machineTimer } = options;
    this.#store = store;
    this.#catalog = catalog;
    this.#called = new BudgetsOfCall(catalog);
    this.#journal = journal;
    this.#beforeRetry = beforeRetry;
    this.#steadyNow = steadyNow;
    this.#recallWaitMs = recallWaitMs;
    this.#leases = new OwnLeases({ store, journal, beforeRetry, steadyNow, after }, () => this.#unwritten.size > 0);
    catalog.onChanged = (budget) => this.#recall(budget);
  }

  /**
   * @param scopes the call's scope, once per provider and model that it may be sent to: all their budgets must carry it
   * @throws Problem hold_too_large, store_unavailable, ledger_contended when there is money and other calls keep taking it, or lease_used_up where all budgets serve from their leases meanwhile; then nothing is held and the call must not be sent
   */
  async hold(holdId: string, scopes: readonly CallScope[], amountNano: Nano, at: Instant): Promise<HoldResult> {
    if (amountNano > MOST_COST_NANO) throw new Problem("hold_too_large", { needed_usd: formatUsd(amountNano) });
    let waiting: { readonly until: number; readonly recalls: Record<string, number> } | undefined;
    for (let round = 0; ; round++) {
      // While endings cannot be written, no new call is let through on leases that were given before, unless its budgets want that. What
      // is in the book was granted, whatever became of later requests; but not while the book is of a number that was taken for dead.
      const isDoubtful = this.#unwritten.size > 0 || this.#leases.uncertain;
      const mayServe = isDoubtful && !this.#leases.rejoining && servesFromLease(this.#called.of(scopes, at));
      if (this.#unwritten.size > 0 && !mayServe) throw new Problem("store_unavailable", { unwritten_endings: this.#unwritten.size });
      const settling = mayServe ? undefined : this.#leases.settling();
      if (settling) await settling;
      const { budgets, due } = this.#called.of(scopes, at);
      const accounts = budgets.map((budget) => this.#called.window(budget, at).account);
      const shortages = due.length === 0 ? this.#leases.book.hold(holdId, accounts, amountNano) : undefined;
      if (due.length === 0 && !shortages) {
        await this.#write({ holdId, at, amountNano, scope: scopes[0]!, accounts });
        return { outcome: "held", hold: { holdId, accounts, budgets, amountNano } };
      }
      if (mayServe) {
        // More has to come from the store.
        if (this.#unwritten.size > 0) throw new Problem("lease_used_up", { unwritten_endings: this.#unwritten.size });
        await this.#leases.settling()?.catch(leaseUsedUp);
        continue;
      }
      const wants = budgets.flatMap((budget) => {
        const { account, period } = this.#called.window(budget, at);
        const missingNano = this.#leases.book.missingNano(account, amountNano);
        return missingNano === undefined ? [] : [{ budgetId: budget.id, window: period, missingNano }];
      });
      const consumedBefore = this.#warnings.consumedSoFar(accounts);
      const asked = this.#leases.lease({ at, wants, create: due, recalls: waiting?.recalls });
      const answer = await (servesFromLease({ budgets, due }) ? asked.catch(leaseUsedUp) : asked);
      if (!answer) continue;
      this.#catalog.remember(answer.created);
      if (answer.outcome === "granted") {
        for (const grant of answer.grants) this.#warnings.noteGrant(grant, consumedBefore);
        continue;
      }
      // While the store looked, other calls may have ended: the refusal must be right when the answer came, not when it was asked for.
      const account = this.#withHolds(answer.account, answer.own);
      if (this.#leases.uncertain) continue;
      if (availableNano(account) + account.idleNano >= amountNano) {
        if (round < MOST_ROUNDS) continue;
        throw new Problem("ledger_contended", { account: account.id, rounds: round });
      }
      // Others were not asked, since what they have could not carry what was missing; with what fell idle here since, it could.
      const stillMissingNano = amountNano - account.idleNano;
      const askedNano = wants.find(({ budgetId }) => budgetId === account.budgetId)!.missingNano;
      const reachableNano = availableNano(account) + account.leasedNano - answer.own.grantedNano;
      if (!answer.recall && stillMissingNano < askedNano && reachableNano >= stillMissingNano) {
        if (round < MOST_ROUNDS) continue;
        throw new Problem("ledger_contended", { account: account.id, rounds: round });
      }
      const awaits = answer.recall?.awaits ?? [];
      if (answer.recall && awaits.length > 0) {
        waiting ??= { until: this.#steadyNow() + this.#recallWaitMs, recalls: {} };
        waiting.recalls[account.id] = answer.recall.number;
        const leftMs = waiting.until - this.#steadyNow();
        if (leftMs > 0) {
          await this.#leases.returned(account.id, Math.min(leftMs, ASK_AGAIN_MS));
          continue;
        }
      }
      this.#refused.add(account.id);
      const refused = { budget: this.#catalog.get(account.budgetId)!, account, budgets, awaited: awaits, asOfEntry: answer.asOfEntry };
      return { outcome: "refused", ...refused };
    }
  }

  /**
   * Ends a hold. Resolves when the ending survives the death of this process: it is in the journal, or in the store when the journal
   * cannot take it or others have to see it at once. What the call did not use is free from then on, and not before: after a crash the
   * holds and endings in the journal never sum to more than the lease.
   * @returns false when neither would have it for two seconds; it is tried until one does
   */
  async end(ending: Ending): Promise<boolean> {
    const { holdId } = ending;
    const before = this.#onTheirWay.get(holdId);
    if (before) return await within(before, LONGEST_WAIT_MS);
    const epoch = this.#leases.epochOf(holdId);
    if (ending.kind === "none" || epoch === undefined) {
      await this.#store.end(ending);
      return true;
    }
    const consumedNano = ending.kind === "doubt" || ending.amountNano > ending.heldNano ? ending.heldNano : ending.amountNano;
    const stored = this.#keepStoring(this.#store.shared ? { ...ending, epoch } : ending, consumedNano);
    this.#onTheirWay.set(holdId, stored);
    stored.catch(() => {});
    if (ending.idempotency !== undefined || this.#onTheirWay.size > MOST_ON_THEIR_WAY) return await within(stored, LONGEST_WAIT_MS);
    try {
      await this.#journal.ending(ending);
    } catch {
      return await within(stored, LONGEST_WAIT_MS);
    }
    // What was consumed stays held until the store has it, so that no status of the account forgets it.
    this.#leases.book.shrink(holdId, consumedNano);
    this.#leases.fellIdle(ending.accounts);
    return true;
  }

  async status(budgetIds: readonly string[], at: Instant): Promise<AccountStatus[]> {
    return (await this.#store.accounts(budgetIds, at)).map((account) => this.#withHolds(account, this.#leases.of(account.id)));
  }

  /** Whether an account of the call is above its warning share. */
  warns(accounts: readonly string[]): boolean {
    return this.#warnings.warns(accounts);
  }

  /** Endings that the store has refused to take, and that are tried again; no call is let through meanwhile but on leases that may serve. */
  unwrittenEndings(): number {
    return this.#unwritten.size;
  }

  /** Calls whose ending is not in the store yet. */
  openHolds(): number {
    return this.#leases.openHolds();
  }

  /** Gives back what no call holds: of windows that have ended, or of every account when stopping. */
  async giveBackIdle(which: "ended_windows" | "all", at: Instant): Promise<void> {
    const current = which === "ended_windows" ? this.#called.current(at) : new Set<string>();
    if (which === "ended_windows") this.#warnings.keepOnly(current);
    await this.#leases.counted();
    await this.#leases.giveBack(this.#leases.book.accounts().filter((account) => !current.has(account)));
  }

  /** What this process has of an account, as far as it knows. */
  own(account: string): OwnLease {
    return this.#leases.of(account);
  }

  /** Whether anything is leased, or may be. */
  leases(): boolean {
    return this.#leases.uncertain || this.#leases.book.accounts().length > 0;
  }

  /** Others are short of an account: what lies idle of it goes back. */
  async answer(recalls: readonly Recall[]): Promise<void> {
    await this.#leases.answer(recalls);
  }

  /** @returns true when the error said that this process was taken for dead, and it has come back since */
  cameBackAfter(error: unknown): Promise<boolean> {
    return this.#leases.cameBackAfter(error);
  }

  async #write(hold: JournalledHold): Promise<void> {
    const { book } = this.#leases;
    try {
      await this.#journal.hold(hold);
    } catch (error) {
      this.#journal.forget(hold.holdId);
      book.end(hold.holdId, 0n);
      this.#leases.endFormer(hold.holdId);
      throw error;
    }
  }

  /** Sends the ending to the store until it is there. */
  async #keepStoring(ending: Ending, consumedNano: Nano): Promise<void> {
    const { holdId, accounts } = ending;
    const spentNano = ending.kind === "doubt" ? ending.heldNano : ending.amountNano;
    this.#warnings.noteConsumed(accounts, spentNano);
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await this.#store.end(ending);
        this.#unwritten.delete(holdId);
        this.#onTheirWay.delete(holdId);
        this.#warnings.noteWarned(accounts, answer);
        if (!this.#leases.endFormer(holdId)) this.#leases.book.end(holdId, consumedNano);
        this.#journal.forget(holdId);
        this.#leases.fellIdle(accounts);
        return;
      } catch (error) {
        if (await this.#leases.cameBackAfter(error)) continue;
        this.#unwritten.add(holdId);
        await this.#beforeRetry({ holdId, error, attempt });
      }
    }
  }

  /** After a change of a budget its idle money goes back, so that a lower limit takes effect with the next call. */
  async #recall(budget: Budget): Promise<void> {
    const account = this.#called.forget(budget.id);
    if (account === undefined) return;
    this.#refused.delete(account);
    this.#warnings.forget(account);
    await this.#leases.giveBack([account]);
  }

  /** What others have leased may be held or idle: it is not free in either case, until they give it back. */
  #withHolds(account: Account, own: OwnLease): AccountStatus {
    const elsewhereNano = this.#store.shared && account.leasedNano > own.grantedNano ? account.leasedNano - own.grantedNano : 0n;
    const heldNano = own.heldNano + elsewhereNano;
    return {
      ...account,
      heldNano,
      hasRefused: this.#refused.has(account.id),
      idleNano: own.idleNano,
      elsewhereNano,
      freeNano: account.limitNano - account.spentNano - account.inDoubtNano - heldNano,
    };
  }
}

function servesFromLease({ budgets, due }: CalledBudgets): boolean {
  return due.length === 0 && budgets.length > 0 && budgets.every(({ onStoreDown }) => onStoreDown === "serve_from_lease");
}

function leaseUsedUp(error: unknown): never {
  if (error instanceof Problem && error.code === "store_unavailable") throw new Problem("lease_used_up", {}, { cause: error });
  throw error;
}

const machineTimer: After = (ms, call) => {
  const timer = setTimeout(call, ms);
  return () => clearTimeout(timer);
};

/** Waits longer after each failure, up to five seconds, and says so in the log. */
export function retryWithBackoff(log: { error(facts: object, words: string): void }): LeaseDeskOptions["beforeRetry"] {
  return async ({ holdId, error, attempt }) => {
    const what = holdId === undefined ? "this process was taken for dead and cannot come back" : "a call's ending could not be stored";
    log.error({ hold: holdId, attempt, error: (error as Error).message }, `${what}; trying again`);
    await sleep(Math.min(5000, 25 * 2 ** Math.min(attempt, 8)), undefined, { ref: false });
  };
}

/** @returns false when it takes longer. A timer that outlived its call would keep all of the call in memory until it is due. */
function within(done: Promise<void>, ms: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms, false);
    timer.unref();
    done.then(() => resolve(true), reject).finally(() => clearTimeout(timer));
  });
}
