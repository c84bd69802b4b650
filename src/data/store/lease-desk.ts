import { setTimeout as sleep } from "node:timers/promises";
import { Problem } from "../../contract/problem.ts";
import { type Account, accountId, availableNano, type Budget } from "../../core/ledger/budget.ts";
import { LeaseBook } from "../../core/ledger/lease-book.ts";
import type { Nano } from "../../core/money/usd.ts";
import type { CallScope } from "../../core/scope/scope.ts";
import { type Instant, type Period, windowAt } from "../../core/time/window.ts";
import type { Ending, EndingAnswer, Grant, LeaseAnswer, LeaseRequest, LedgerStore } from "../../ports/ledger-store.ts";
import type { BudgetCatalog } from "./budget-catalog.ts";
import type { CallJournal } from "./call-journal.ts";

export interface HeldMoney {
  readonly holdId: string;
  readonly accounts: readonly string[];
  readonly budgets: readonly Budget[];
  readonly amountNano: Nano;
}

export type HoldResult =
  | { readonly outcome: "held"; readonly hold: HeldMoney }
  | { readonly outcome: "refused"; readonly budget: Budget; readonly account: AccountStatus; readonly budgets: readonly Budget[] };

/** An account with what this process holds of it. freeNano = limit - spent - in doubt - held: what a new call could hold. */
export interface AccountStatus extends Account {
  readonly heldNano: Nano;
  readonly idleNano: Nano;
  readonly freeNano: Nano;
  /** Whether a call was refused for it, since the process started or the budget changed. */
  readonly hasRefused: boolean;
}

type LeaseOutcome =
  | Extract<LeaseAnswer, { outcome: "granted" }>
  | (Extract<LeaseAnswer, { outcome: "short" }> & { readonly account: AccountStatus });

/** A shortage answered by the store is settled in one or two rounds; more means that other calls keep taking what was leased. */
const MOST_ROUNDS = 50;

/** More endings than this on their way to the store, and the next one waits for it: the store sets the pace, not memory. */
const MOST_ON_THEIR_WAY = 10_000;

/** How long an answer waits for a ledger that cannot write before it is given anyway; its hold stays until it is booked. */
const LONGEST_WAIT_MS = 2000;

/** Above everything that can be spent: until a lease tells where the share lies now. */
const NOT_KNOWN = 2n ** 63n;

export interface LeaseDeskOptions {
  readonly store: LedgerStore;
  readonly catalog: BudgetCatalog;
  readonly journal: Pick<CallJournal, "hold" | "ending" | "forget">;
  /** Told of every failed attempt to store an ending; it is tried again when this resolves, for as long as it takes. */
  readonly beforeRetry: (failure: { readonly holdId: string; readonly error: unknown; readonly attempt: number }) => Promise<void>;
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
  readonly #book = new LeaseBook();
  /** Holds whose ending was refused by the store, and is being tried again. */
  readonly #unwritten = new Set<string>();
  /** A request for a lease, or a return of one, has failed, and may have been carried out. */
  #uncertain = false;
  #recounting: Promise<void> | undefined;
  /** Endings that the store has not acknowledged, by hold. */
  readonly #onTheirWay = new Map<string, Promise<void>>();
  /** Accounts that the store has said to be above their warning share. */
  readonly #warned = new Set<string>();
  /** What this process consumed of each account, and how much of it the account carries before it is above its warning share. */
  readonly #consumed = new Map<string, { nano: Nano; warnsAboveNano: Nano }>();
  readonly #refused = new Set<string>();
  readonly #windows = new Map<string, { budget: Budget; period: Period; account: string }>();

  constructor({ store, catalog, journal, beforeRetry }: LeaseDeskOptions) {
    this.#store = store;
    this.#catalog = catalog;
    this.#journal = journal;
    this.#beforeRetry = beforeRetry;
    catalog.onChanged = (budget) => this.#recall(budget);
  }

  /**
   * @param scopes the call's scope, once per provider and model that it may be sent to: all their budgets must carry it
   * @throws Problem store_unavailable, or lease_used_up where all budgets serve from their leases meanwhile; then nothing is held and the call must not be sent
   */
  async hold(holdId: string, scopes: readonly CallScope[], amountNano: Nano, at: Instant): Promise<HoldResult> {
    for (let round = 0; ; round++) {
      // While endings cannot be written, no new call is let through on leases that were given before, unless its budgets want that.
      const isDoubtful = this.#unwritten.size > 0 || this.#uncertain;
      const mayServe = isDoubtful && servesFromLease(this.#budgetsOf(scopes, at));
      if (this.#unwritten.size > 0 && !mayServe) throw new Problem("store_unavailable", { unwritten_endings: this.#unwritten.size });
      if (this.#uncertain && !mayServe) await this.#recountOnce();
      const { budgets, due } = this.#budgetsOf(scopes, at);
      const accounts = budgets.map((budget) => this.#window(budget, at).account);
      const shortages = due.length === 0 ? this.#book.hold(holdId, accounts, amountNano) : undefined;
      if (due.length === 0 && !shortages) {
        try {
          await this.#journal.hold({ holdId, at, amountNano, scope: scopes[0]!, accounts });
        } catch (error) {
          this.#journal.forget(holdId);
          this.#book.end(holdId, 0n);
          throw error;
        }
        return { outcome: "held", hold: { holdId, accounts, budgets, amountNano } };
      }
      if (mayServe) {
        // What is in the book was granted, so it may be held whatever became of later requests; more has to come from the store.
        if (this.#unwritten.size > 0) throw new Problem("lease_used_up", { unwritten_endings: this.#unwritten.size });
        await this.#recountOnce().catch(leaseUsedUp);
        continue;
      }
      const wants = budgets.flatMap((budget) => {
        const { account, period } = this.#window(budget, at);
        const missingNano = this.#book.missingNano(account, amountNano);
        return missingNano === undefined ? [] : [{ budgetId: budget.id, window: period, missingNano }];
      });
      const asked = this.#lease({ at, wants, create: due }, accounts);
      const answer = await (servesFromLease({ budgets, due }) ? asked.catch(leaseUsedUp) : asked);
      this.#catalog.remember(answer.created);
      if (answer.outcome === "granted") continue;
      // While the store looked, other calls may have ended: the refusal must be right when the answer came, not when it was asked for.
      const { account } = answer;
      if (this.#uncertain) continue;
      if (round < MOST_ROUNDS && availableNano(account) + account.idleNano >= amountNano) continue;
      this.#refused.add(account.id);
      return { outcome: "refused", budget: this.#catalog.get(account.budgetId)!, account, budgets };
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
    if (ending.kind === "none" || !this.#book.isOpen(holdId)) {
      await this.#store.end(ending);
      return true;
    }
    const consumedNano = ending.kind === "doubt" || ending.amountNano > ending.heldNano ? ending.heldNano : ending.amountNano;
    const stored = this.#keepStoring(ending, consumedNano);
    this.#onTheirWay.set(holdId, stored);
    stored.catch(() => {});
    if (ending.idempotency !== undefined || this.#onTheirWay.size > MOST_ON_THEIR_WAY) return await within(stored, LONGEST_WAIT_MS);
    try {
      await this.#journal.ending(ending);
    } catch {
      return await within(stored, LONGEST_WAIT_MS);
    }
    // What was consumed stays held until the store has it, so that no status of the account forgets it.
    this.#book.shrink(holdId, consumedNano);
    return true;
  }

  async status(budgetIds: readonly string[], at: Instant): Promise<AccountStatus[]> {
    return (await this.#store.accounts(budgetIds, at)).map((account) => this.#withHolds(account));
  }

  /** Whether an account of the call is above its warning share. */
  warns(accounts: readonly string[]): boolean {
    return accounts.some((account) => {
      const consumed = this.#consumed.get(account);
      return this.#warned.has(account) || (consumed !== undefined && consumed.nano > consumed.warnsAboveNano);
    });
  }

  /** Calls whose ending is not in the store yet. */
  openHolds(): number {
    return this.#book.openHolds().length;
  }

  /** Gives back what no call holds: of windows that have ended, or of every account when stopping. */
  async giveBackIdle(which: "ended_windows" | "all", at: Instant): Promise<void> {
    const current = new Set<string>();
    if (which === "ended_windows") for (const { account, period } of this.#windows.values()) if (at < period.end) current.add(account);
    for (const account of this.#consumed.keys()) if (which === "ended_windows" && !current.has(account)) this.#consumed.delete(account);
    await this.#giveBack(this.#book.accounts().filter((account) => !current.has(account)));
  }

  /**
   * What is granted is in the book, and an account that is short is seen with this process's holds, before anything that was asked later
   * is answered: an ending acknowledged in between would have left the holds and not be in the account.
   */
  async #lease(request: LeaseRequest, accounts: readonly string[]): Promise<LeaseOutcome> {
    const consumedBefore = new Map(accounts.map((account) => [account, this.#consumed.get(account)?.nano ?? 0n]));
    try {
      const answer = await this.#store.lease(request);
      if (answer.outcome === "short") return { ...answer, account: this.#withHolds(answer.account) };
      for (const grant of answer.grants) this.#takeGrant(grant, consumedBefore);
      return answer;
    } catch (error) {
      this.#uncertain = true;
      throw error;
    }
  }

  #recountOnce(): Promise<void> {
    this.#recounting ??= this.#recount().finally(() => {
      this.#recounting = undefined;
    });
    return this.#recounting;
  }

  /**
   * A lease whose answer was lost may have been given all the same; nobody else can use it, so it is ours. The store answers in order:
   * its count has seen what was asked before, which the book has by then too, and nothing later. Nothing is given back meanwhile.
   */
  async #recount(): Promise<void> {
    const leases = await this.#store.leases();
    for (const { account, amountNano } of leases) {
      const missing = amountNano - this.#book.grantedNano(account);
      if (missing > 0n) this.#book.grant(account, missing);
    }
    // An ending whose answer was lost too has left the store's count, and not yet ours: what was found is the least, and counted again.
    this.#uncertain = this.#unwritten.size > 0;
  }

  #budgetsOf(scopes: readonly CallScope[], at: Instant): { budgets: readonly Budget[]; due: readonly Budget[] } {
    const matching: Budget[] = [];
    const due: Budget[] = [];
    for (const scope of scopes) {
      const found = this.#catalog.matching(scope);
      matching.push(...found);
      due.push(...this.#catalog.due(scope, at, found));
    }
    if (scopes.length === 1 && due.length === 0) return { budgets: matching, due };
    return { budgets: [...matching, ...due].filter(firstOfItsId), due: due.filter(firstOfItsId) };
  }

  /** Sends the ending to the store until it is there. */
  async #keepStoring(ending: Ending, consumedNano: Nano): Promise<void> {
    const { holdId, accounts } = ending;
    const spentNano = ending.kind === "doubt" ? ending.heldNano : ending.amountNano;
    for (const account of accounts) {
      const consumed = this.#consumed.get(account);
      if (consumed) consumed.nano += spentNano;
    }
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await this.#store.end(ending);
        this.#unwritten.delete(holdId);
        this.#onTheirWay.delete(holdId);
        this.#noteWarned(accounts, answer);
        this.#book.end(holdId, consumedNano);
        this.#journal.forget(holdId);
        return;
      } catch (error) {
        this.#unwritten.add(holdId);
        await this.#beforeRetry({ holdId, error, attempt });
      }
    }
  }

  #takeGrant({ account, amountNano, warnsAfterNano }: Grant, consumedBefore: ReadonlyMap<string, Nano>): void {
    this.#book.grant(account, amountNano);
    // The store had seen what was sent to it before it was asked, and nothing later.
    const warnsAboveNano = consumedBefore.get(account)! + warnsAfterNano;
    const consumed = this.#consumed.get(account);
    if (consumed) consumed.warnsAboveNano = warnsAboveNano;
    else this.#consumed.set(account, { nano: 0n, warnsAboveNano });
  }

  #noteWarned(accounts: readonly string[], { warned }: EndingAnswer): void {
    if (warned.length === 0 && this.#warned.size === 0) return;
    for (const account of accounts) {
      if (warned.includes(account)) this.#warned.add(account);
      else this.#warned.delete(account);
    }
  }

  /** After a change of a budget its idle money goes back, so that a lower limit takes effect with the next call. */
  async #recall(budget: Budget): Promise<void> {
    const known = this.#windows.get(budget.id);
    this.#windows.delete(budget.id);
    if (!known) return;
    this.#refused.delete(known.account);
    this.#warned.delete(known.account);
    const consumed = this.#consumed.get(known.account);
    if (consumed) consumed.warnsAboveNano = NOT_KNOWN;
    await this.#giveBack([known.account]);
  }

  async #giveBack(accounts: readonly string[]): Promise<void> {
    while (this.#recounting) await this.#recounting;
    const returns = accounts
      .map((account) => ({ account, amountNano: this.#book.takeIdle(account) }))
      .filter(({ amountNano }) => amountNano > 0n);
    if (returns.length === 0) return;
    try {
      await this.#store.giveBack(returns);
    } catch (error) {
      // It may have been given back all the same: what is still ours is found by counting, not by assuming.
      this.#uncertain = true;
      throw error;
    }
  }

  #withHolds(account: Account): AccountStatus {
    const heldNano = this.#book.heldNano(account.id);
    return {
      ...account,
      heldNano,
      hasRefused: this.#refused.has(account.id),
      idleNano: this.#book.idleNano(account.id),
      freeNano: account.limitNano - account.spentNano - account.inDoubtNano - heldNano,
    };
  }

  #window(budget: Budget, at: Instant): { period: Period; account: string } {
    const known = this.#windows.get(budget.id);
    if (known && known.budget === budget && known.period.start <= at && at < known.period.end) return known;
    const period = windowAt(budget.window, budget.zone, at);
    const fresh = { budget, period, account: accountId(budget.id, period) };
    this.#windows.set(budget.id, fresh);
    return fresh;
  }
}

function servesFromLease({ budgets, due }: { budgets: readonly Budget[]; due: readonly Budget[] }): boolean {
  return due.length === 0 && budgets.length > 0 && budgets.every(({ onStoreDown }) => onStoreDown === "serve_from_lease");
}

function leaseUsedUp(error: unknown): never {
  if (error instanceof Problem && error.code === "store_unavailable") throw new Problem("lease_used_up", {}, { cause: error });
  throw error;
}

function firstOfItsId(budget: Budget, index: number, all: readonly Budget[]): boolean {
  return all.findIndex((other) => other.id === budget.id) === index;
}

/** Waits longer after each failure, up to five seconds, and says so in the log. */
export function retryWithBackoff(log: { error(facts: object, words: string): void }): LeaseDeskOptions["beforeRetry"] {
  return async ({ holdId, error, attempt }) => {
    log.error({ hold: holdId, attempt, error: (error as Error).message }, "a call's ending could not be stored; trying again");
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
