import { Problem } from "../../contract/problem.ts";
import { LeaseBook } from "../../core/ledger/lease-book.ts";
import type { Nano } from "../../core/money/usd.ts";
import type { LeaseAnswer, LeaseRequest, LedgerStore, News, Recall } from "../../ports/ledger-store.ts";
import type { CallJournal } from "./call-journal.ts";

/** How long after a recall what falls idle of its account is returned at once: somebody may still be waiting. */
const PRESSED_MS = 1000;

/** What this process has of an account. */
export interface OwnLease {
  readonly grantedNano: Nano;
  readonly heldNano: Nano;
  readonly idleNano: Nano;
}

export type OwnLeaseAnswer =
  | Extract<LeaseAnswer, { outcome: "granted" }>
  | (Extract<LeaseAnswer, { outcome: "short" }> & { readonly own: OwnLease });

export interface OwnLeasesOptions {
  readonly store: LedgerStore;
  readonly journal: Pick<CallJournal, "written" | "renew">;
  /** Told when this process cannot come back after it was taken for dead; it is tried again when this resolves. */
  readonly beforeRetry: (failure: { readonly error: unknown; readonly attempt: number }) => Promise<void>;
  /** Milliseconds of a clock that nobody sets. */
  readonly steadyNow: () => number;
  readonly after: After;
}

/** Calls back after so many milliseconds, unless that is cancelled by what this returns. */
export type After = (ms: number, call: () => void) => () => void;

/** At the turn of a month every account of the old one goes back; this many take some ten milliseconds. */
const MOST_AT_ONCE = 500;

/**
 * What this process has leased, as far as it knows, and its dealings with the store over it: leasing, giving back, answering recalls,
 * counting again what may have gone astray, and coming back under another number after it was taken for dead.
 */
export class OwnLeases {
  readonly #options: OwnLeasesOptions;
  #book = new LeaseBook();
  /** A request for a lease, or a return of one, has failed, and may have been carried out. */
  #uncertain = false;
  #recounting: Promise<void> | undefined;
  #rejoining: Promise<void> | undefined;
  /** Calls under way that were held under an earlier number of this process, and that number. */
  readonly #former = new Map<string, number>();
  /** Accounts that others are short of: the recall last seen, and until when it matters. */
  readonly #pressed = new Map<string, { number: number; until: number }>();
  readonly #toReturn = new Set<string>();
  readonly #awaiting = new Map<string, Set<() => void>>();
  readonly #isBehind: () => boolean;

  /** @param isBehind whether endings are being tried again: the store's count may still hold what they took out of ours */
  constructor(options: OwnLeasesOptions, isBehind: () => boolean) {
    this.#options = options;
    this.#isBehind = isBehind;
    options.store.onNews((news) => this.hear(news));
  }

  get book(): LeaseBook {
    return this.#book;
  }

  get uncertain(): boolean {
    return this.#uncertain;
  }

  /** This process was taken for dead, and comes back: nothing is its own until it has. */
  get rejoining(): boolean {
    return this.#rejoining !== undefined;
  }

  /** Undefined when there is nothing to wait for before money is taken from the leases. */
  settling(): Promise<void> | undefined {
    return this.#rejoining ?? (this.#uncertain ? this.#recountOnce() : undefined);
  }

  /** Under which number of this process a hold was made; undefined when it is not open. */
  epochOf(holdId: string): number | undefined {
    return this.#book.isOpen(holdId) ? this.#options.store.epoch : this.#former.get(holdId);
  }

  /** @returns whether the hold was of an earlier number */
  endFormer(holdId: string): boolean {
    return this.#former.delete(holdId);
  }

  openHolds(): number {
    return this.#book.openHolds().length + this.#former.size;
  }

  of(account: string): OwnLease {
    const [grantedNano, heldNano] = [this.#book.grantedNano(account), this.#book.heldNano(account)];
    return { grantedNano, heldNano, idleNano: grantedNano - heldNano };
  }

  /**
   * What is granted is in the book, and what is ours of an account that is short is seen, before anything that was asked later is
   * answered: an ending acknowledged in between would have left the holds and not be in the account.
   * @returns undefined when this process was taken for dead, and is back
   */
  async lease(request: LeaseRequest): Promise<OwnLeaseAnswer | undefined> {
    const book = this.#book;
    try {
      const answer = await this.#options.store.lease(request);
      if (answer.outcome === "short") return { ...answer, own: this.of(answer.account.id) };
      for (const { account, amountNano } of answer.grants) book.grant(account, amountNano);
      return answer;
    } catch (error) {
      if (await this.cameBackAfter(error)) return undefined;
      this.#uncertain = true;
      throw error;
    }
  }

  /** Waits until it is known what is leased: also what was leased, or was not given back, by a request whose answer was lost. */
  async counted(): Promise<void> {
    while (this.#recounting || this.#rejoining) await (this.#recounting ?? this.#rejoining);
    if (this.#uncertain) await this.#recountOnce();
  }

  /** Gives back what lies idle of the accounts, some at a time: others wait for the ledger meanwhile, and heartbeats with them. */
  async giveBack(accounts: readonly string[], recalls: readonly Recall[] = []): Promise<void> {
    for (let at = 0; at < accounts.length; at += MOST_AT_ONCE) await this.#giveSomeBack(accounts.slice(at, at + MOST_AT_ONCE), recalls);
  }

  async #giveSomeBack(accounts: readonly string[], recalls: readonly Recall[]): Promise<void> {
    await this.counted();
    // Another count may have begun since: it must not find what is taken from here on.
    while (this.#recounting || this.#rejoining) await (this.#recounting ?? this.#rejoining);
    const answered = new Map(recalls.map(({ account, number }) => [account, number]));
    const returns = accounts
      .map((account) => ({ account, amountNano: this.#book.takeIdle(account), answers: answered.get(account) }))
      .filter(({ amountNano, answers }) => amountNano > 0n || answers !== undefined);
    if (returns.length === 0) return;
    try {
      await this.#options.store.giveBack(returns);
    } catch (error) {
      if (await this.cameBackAfter(error)) return;
      // It may have been given back all the same: what is still ours is found by counting, not by assuming.
      this.#uncertain = true;
      throw error;
    }
  }

  /** Something of these accounts fell idle: others that are short of one wait for it. */
  fellIdle(accounts: readonly string[]): void {
    if (this.#pressed.size === 0) return;
    const now = this.#options.steadyNow();
    for (const account of accounts) {
      const pressed = this.#pressed.get(account);
      if (!pressed) continue;
      if (now > pressed.until) this.#pressed.delete(account);
      else if (this.#toReturn.size === 0) setImmediate(() => this.#returnPressed());
      if (now <= pressed.until) this.#toReturn.add(account);
    }
  }

  hear(news: News): void {
    if (news.kind === "recall") void this.answer([news]).catch(() => {});
    else if (news.kind === "returned") for (const wake of this.#awaiting.get(news.account) ?? []) wake();
    else if (news.kind === "reconnected") void this.answerAll().catch(() => {});
  }

  async answerAll(): Promise<void> {
    await this.answer(await this.#options.store.recalls());
  }

  /** Returns what lies idle of accounts that others are short of; with nothing idle it says so. */
  async answer(recalls: readonly Recall[]): Promise<void> {
    if (recalls.length === 0) return;
    await this.counted();
    const until = this.#options.steadyNow() + PRESSED_MS;
    const ours = recalls.filter(({ account }) => this.#book.grantedNano(account) > 0n);
    for (const { account, number } of ours) {
      const before = this.#pressed.get(account)?.number ?? 0;
      this.#pressed.set(account, { number: Math.max(number, before), until });
    }
    const accounts = ours.map(({ account }) => account);
    await this.giveBack(accounts, ours);
  }

  /** Waits until somebody has returned something of the account, at most so long. */
  returned(account: string, mostMs: number): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#awaiting.get(account) ?? new Set();
      this.#awaiting.set(account, waiting);
      const wake = () => {
        cancel();
        waiting.delete(wake);
        if (waiting.size === 0) this.#awaiting.delete(account);
        resolve();
      };
      const cancel = this.#options.after(mostMs, wake);
      waiting.add(wake);
    });
  }

  /** @returns true when the error said that this process was taken for dead, and it has come back since */
  async cameBackAfter(error: unknown): Promise<boolean> {
    if (!(error instanceof Problem) || error.code !== "process_fenced") return false;
    await this.#rejoinOnce();
    return true;
  }

  #returnPressed(): void {
    const accounts = [...this.#toReturn];
    this.#toReturn.clear();
    const recalls = accounts.map((account) => ({ account, number: this.#pressed.get(account)?.number ?? 0 }));
    void this.giveBack(accounts, recalls).catch(() => {});
  }

  #rejoinOnce(): Promise<void> {
    this.#rejoining ??= this.#rejoin().finally(() => {
      this.#rejoining = undefined;
    });
    return this.#rejoining;
  }

  /**
   * Takes nothing more from the old leases, and only then lets the journal be read: what it says of a hold is then the last word but for
   * the call's own ending, which comes later and ends the hold in doubt.
   */
  async #rejoin(): Promise<void> {
    const { store, journal, beforeRetry } = this.#options;
    for (const { id } of this.#book.openHolds()) this.#former.set(id, store.epoch);
    this.#book = new LeaseBook();
    this.#pressed.clear();
    await journal.written();
    for (let attempt = 1; ; attempt++) {
      try {
        const { epoch } = await store.rejoin();
        this.#uncertain = false;
        journal.renew(epoch);
        return;
      } catch (error) {
        await beforeRetry({ error, attempt });
      }
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
    const book = this.#book;
    try {
      for (const { account, amountNano } of await this.#options.store.leases()) {
        const missing = amountNano - book.grantedNano(account);
        if (missing > 0n) book.grant(account, missing);
      }
    } catch (error) {
      if (await this.cameBackAfter(error)) return;
      throw error;
    }
    // An ending whose answer was lost too has left the store's count, and not yet ours: what was found is the least, and counted again.
    this.#uncertain = this.#isBehind();
  }
}
