import type { LedgerStore, News } from "../../ports/ledger-store.ts";
import type { BudgetCatalog } from "./budget-catalog.ts";
import type { KeyRing } from "./key-ring.ts";
import type { LeaseDesk } from "./lease-desk.ts";
import type { LeverBoard } from "./lever-board.ts";

/** Three may be lost before a process is taken for dead. */
export const BEAT_MS = 1000;

export interface ProcessLifeParts {
  readonly store: LedgerStore;
  readonly budgets: BudgetCatalog;
  readonly keys: KeyRing;
  readonly desk: LeaseDesk;
  readonly levers: LeverBoard;
  readonly log: { warn(facts: object, words: string): void };
}

const CATCH_UP_APART_MS = 50;

/** How often changes are asked for where there is no news of them: budgets, keys and levers hold everywhere well within a second. */
export const CHANGE_POLL_MS = 200;

/** How often recalls are asked for where there is no news of them. */
export const RECALL_POLL_MS = 50;

/** One of several processes on a ledger: it tells that it lives, and learns what the others changed. Alone it has nothing to do. */
export class ProcessLife {
  readonly #parts: ProcessLifeParts;
  #version: number;
  #leads: boolean;
  #queued: Promise<void> | undefined;
  #pause: Promise<void> = Promise.resolve();

  constructor(parts: ProcessLifeParts) {
    this.#parts = parts;
    this.#leads = !parts.store.shared;
    this.#version = parts.store.version;
    parts.store.onNews((news) => this.#hear(news));
  }

  /** Whether this process does what one process does for all. */
  get leads(): boolean {
    return this.#leads;
  }

  /** @throws Problem store_unavailable; this process may then be taken for dead, and comes back by itself */
  async beat(): Promise<void> {
    const { store, desk, log } = this.#parts;
    if (!store.shared) return;
    try {
      await this.#tellAndLearn();
    } catch (error) {
      this.#leads = false;
      const { epoch } = store;
      if (!(await desk.cameBackAfter(error))) throw error;
      log.warn({ process: epoch, now: store.epoch }, "this process was taken for dead, and is back under another number");
      // What others changed meanwhile is not known yet, and somebody may wait for that.
      await this.#tellAndLearn();
    }
  }

  async #tellAndLearn(): Promise<void> {
    const { store, budgets, keys, desk, levers, log } = this.#parts;
    const heard = await store.beat({ version: this.#version });
    this.#leads = heard.leads;
    this.#version = heard.version;
    for (const { epoch, name, inDoubtNano } of heard.expired) {
      const facts = { process: epoch, name, in_doubt_nano: String(inDoubtNano) };
      log.warn(facts, "a process was not heard of for too long; what it had leased is in doubt until it is back");
    }
    levers.renew(heard.controls);
    keys.learn(heard.keys);
    await budgets.renew(heard.budgets);
    await desk.answer(heard.recalls);
  }

  /** Learns of changes that no news told of, long before the next beat would. */
  async learnChanges(): Promise<void> {
    const { store } = this.#parts;
    if (store.shared && !store.hearsNews && (await store.newestVersion()) !== this.#version) await this.catchUp();
  }

  /** Answers recalls that no news told of. */
  async answerRecalls(): Promise<void> {
    const { store, desk } = this.#parts;
    if (store.shared && !store.hearsNews && desk.leases()) await desk.answer(await store.recalls());
  }

  /**
   * Learns all that was changed before this was asked. Who asks at the same time shares one question, and questions keep a distance, so
   * that nobody can make them cost much.
   * @throws Problem store_unavailable
   */
  catchUp(): Promise<void> {
    this.#queued ??= this.#pause.then(() => {
      this.#queued = undefined;
      const learned = this.beat();
      this.#pause = learned.catch(() => {}).then(() => new Promise((resolve) => setTimeout(resolve, CATCH_UP_APART_MS).unref()));
      return learned;
    });
    return this.#queued;
  }

  /** What was changed elsewhere holds here at once, not at the next beat. */
  #hear(news: News): void {
    if (news.kind === "changed" || news.kind === "reconnected") void this.catchUp().catch(() => {});
  }
}
