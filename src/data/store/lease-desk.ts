import { Problem } from "../../contract/problem.ts";
import { type Account, accountId, availableNano, type Budget } from "../../core/ledger/budget.ts";
import { LeaseBook } from "../../core/ledger/lease-book.ts";
import type { Nano } from "../../core/money/usd.ts";
import type { CallScope } from "../../core/scope/scope.ts";
import { type Instant, type Period, windowAt } from "../../core/time/window.ts";
import type { Ending, EndingAnswer, LedgerStore } from "../../ports/ledger-store.ts";
import type { BudgetCatalog } from "./budget-catalog.ts";
import type { HoldJournal } from "./hold-journal.ts";

export interface HeldMoney {
  readonly holdId: string;
  readonly accounts: readonly string[];
  readonly budgets: readonly Budget[];
  readonly amountNano: Nano;
}

export type HoldResult =
  | { readonly outcome: "held"; readonly hold: HeldMoney }
  | { readonly outcome: "refused"; readonly budget: Budget; readonly account: AccountStatus };

/** An account with what this process holds of it. freeNano = limit - spent - in doubt - held: what a new call could hold. */
export interface AccountStatus extends Account {
  readonly heldNano: Nano;
  readonly idleNano: Nano;
  readonly freeNano: Nano;
  /** Whether a call was refused for it, since the process started or the budget changed. */
  readonly hasRefused: boolean;
}

/** A shortage answered by the store is settled in one or two rounds; more means that other calls keep taking what was leased. */
const MOST_ROUNDS = 50;

/**
 * Where calls get their money. A hold is taken from leases in memory, on all accounts of the call or none; the store is asked only when
 * a lease runs short, and a call is refused only when the account itself cannot give what is missing.
 */
export class LeaseDesk {
  readonly #store: LedgerStore;
  readonly #catalog: BudgetCatalog;
  readonly #journal: Pick<HoldJournal, "append" | "ended">;
  readonly #book = new LeaseBook();
  /** Holds whose ending was refused by the store, and is being tried again. */
  readonly #unwritten = new Set<string>();
  readonly #warned = new Set<string>();
  readonly #refused = new Set<string>();
  readonly #windows = new Map<string, { budget: Budget; period: Period; account: string }>();

  constructor(store: LedgerStore, catalog: BudgetCatalog, journal: Pick<HoldJournal, "append" | "ended">) {
    this.#store = store;
    this.#catalog = catalog;
    this.#journal = journal;
    catalog.onChanged = (budget) => this.#recall(budget);
  }

  /**
   * @param scopes the call's scope, once per provider and model that it may be sent to: all their budgets must carry it
   * @throws Problem store_unavailable; then nothing is held and the call must not be sent
   */
  async hold(holdId: string, scopes: readonly CallScope[], amountNano: Nano, at: Instant): Promise<HoldResult> {
    // While endings cannot be written, no new call is let through on leases that were given before.
    if (this.#unwritten.size > 0) throw new Problem("store_unavailable", { unwritten_endings: this.#unwritten.size });
    for (let round = 0; ; round++) {
      const due = scopes.flatMap((scope) => this.#catalog.due(scope, at)).filter(firstOfItsId);
      const budgets = [...scopes.flatMap((scope) => this.#catalog.matching(scope)), ...due].filter(firstOfItsId);
      const accounts = budgets.map((budget) => this.#window(budget, at).account);
      const shortages = due.length === 0 ? this.#book.hold(holdId, accounts, amountNano) : undefined;
      if (due.length === 0 && !shortages) {
        await this.#write(holdId, scopes[0]!.tenant, accounts, amountNano, at);
        return { outcome: "held", hold: { holdId, accounts, budgets, amountNano } };
      }
      const wants = budgets.flatMap((budget) => {
        const { account, period } = this.#window(budget, at);
        const missingNano = this.#book.missingNano(account, amountNano);
        return missingNano === undefined ? [] : [{ budgetId: budget.id, window: period, missingNano }];
      });
      const answer = await this.#store.lease({ at, wants, create: due });
      this.#catalog.remember(answer.created);
      if (answer.outcome === "granted") {
        for (const grant of answer.grants) this.#book.grant(grant.account, grant.amountNano);
        this.#noteWarned(accounts, answer.warned);
        continue;
      }
      // While the store looked, other calls may have ended: the refusal must be right now, not a moment ago.
      const { account } = answer;
      if (round < MOST_ROUNDS && availableNano(account) + this.#book.idleNano(account.id) >= amountNano) continue;
      this.#refused.add(account.id);
      return { outcome: "refused", budget: this.#catalog.get(account.budgetId)!, account: this.#withHolds(account) };
    }
  }

  /**
   * Ends a hold; resolves when the ending is on disk. Until then the whole hold stays held, so that after a crash
   * the holds in the journal never sum to more than the lease.
   */
  async end(ending: Ending): Promise<EndingAnswer> {
    if (ending.kind === "none") return await this.#store.end(ending);
    let answer: EndingAnswer;
    try {
      answer = await this.#store.end(ending);
      this.#unwritten.delete(ending.holdId);
    } catch (error) {
      this.#unwritten.add(ending.holdId);
      throw error;
    }
    this.#noteWarned(ending.accounts, answer.warned);
    const settledNano = ending.amountNano < ending.heldNano ? ending.amountNano : ending.heldNano;
    this.#book.end(ending.holdId, ending.kind === "doubt" ? ending.heldNano : settledNano);
    this.#journal.ended(ending.holdId);
    return answer;
  }

  async status(budgetIds: readonly string[], at: Instant): Promise<AccountStatus[]> {
    return (await this.#store.accounts(budgetIds, at)).map((account) => this.#withHolds(account));
  }

  /** Whether an account of the call was above its warning share when it last changed. */
  warns(accounts: readonly string[]): boolean {
    return this.#warned.size > 0 && accounts.some((account) => this.#warned.has(account));
  }

  openHolds(): number {
    return this.#book.openHolds().length;
  }

  /** Gives back what no call holds: of windows that have ended, or of every account when stopping. */
  async giveBackIdle(which: "ended_windows" | "all", at: Instant): Promise<void> {
    const current = new Set<string>();
    if (which === "ended_windows") for (const { account, period } of this.#windows.values()) if (at < period.end) current.add(account);
    await this.#giveBack(this.#book.accounts().filter((account) => !current.has(account)));
  }

  #noteWarned(accounts: readonly string[], warned: readonly string[]): void {
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
    if (known) this.#refused.delete(known.account);
    if (known) await this.#giveBack([known.account]);
  }

  async #giveBack(accounts: readonly string[]): Promise<void> {
    const returns = accounts
      .map((account) => ({ account, amountNano: this.#book.takeIdle(account) }))
      .filter(({ amountNano }) => amountNano > 0n);
    if (returns.length === 0) return;
    try {
      await this.#store.giveBack(returns);
    } catch (error) {
      for (const { account, amountNano } of returns) this.#book.grant(account, amountNano);
      throw error;
    }
  }

  async #write(holdId: string, tenant: string, accounts: readonly string[], amountNano: Nano, at: Instant): Promise<void> {
    try {
      await this.#journal.append({ holdId, at, tenant, amountNano, accounts });
    } catch (error) {
      this.#book.end(holdId, 0n);
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

function firstOfItsId(budget: Budget, index: number, all: readonly Budget[]): boolean {
  return all.findIndex((other) => other.id === budget.id) === index;
}
