import { invariant } from "../../core/invariant.ts";
import { type Account, accountId, type Budget, isDefaultRun, openAccount } from "../../core/ledger/budget.ts";
import { crossedThresholds } from "../../core/ledger/crossed-thresholds.ts";
import { type Posting, post } from "../../core/ledger/posting.ts";
import { formatUsd } from "../../core/money/usd.ts";
import type { Period } from "../../core/time/window.ts";
import { CHAIN_START, type Entry, entryHash, joinAccounts } from "./chained-rows.ts";
import type { LedgerDatabase } from "./ledger-database.ts";
import { accountOfRow, budgetOfRow, rowOfAccount, rowOfBudget } from "./row-shapes.ts";

/** Reading one again is one look-up; a flood of invented runs must not fill the memory. */
const MOST_RUN_BUDGETS = 10_000;

/**
 * Accounts and entries within one transaction. Balances are kept in memory between transactions, since this is their only writer,
 * and written once per transaction however many entries touched them. After a failed transaction everything is read afresh.
 */
export class BalanceSheet {
  readonly #database: LedgerDatabase;
  readonly epoch: number;
  readonly #budgets = new Map<string, Budget>();
  /** Budgets of runs that were asked for lately; the others are read when they are needed. */
  readonly #runBudgets = new Map<string, Budget>();
  readonly #accounts = new Map<string, Account>();
  readonly #changed = new Set<string>();
  /** Opened in this transaction and not posted to: not to be remembered, since a later limit must hold for them from the start. */
  readonly #untouched = new Set<string>();
  readonly #leaseChanges = new Map<string, bigint>();
  #seq = 0;
  #hash: Uint8Array = CHAIN_START;

  constructor(database: LedgerDatabase, epoch: number) {
    this.#database = database;
    this.epoch = epoch;
    this.reload();
  }

  /** Forgets what a failed transaction left in memory. */
  reload(): void {
    this.#accounts.clear();
    this.#changed.clear();
    this.#untouched.clear();
    this.#leaseChanges.clear();
    this.#budgets.clear();
    this.#runBudgets.clear();
    for (const row of this.#database.all("all-budgets")) {
      const budget = budgetOfRow(row);
      this.#budgets.set(budget.id, budget);
    }
    const last = this.#database.one("last-entry", {});
    this.#seq = last ? Number(last.seq) : 0;
    this.#hash = last ? (last.hash as Uint8Array) : CHAIN_START;
  }

  /** All but those that first calls of runs have made. */
  budgets(): Budget[] {
    return [...this.#budgets.values()];
  }

  budget(id: string): Budget | undefined {
    const known = this.#budgets.get(id) ?? this.#runBudgets.get(id);
    if (known) return known;
    const row = this.#database.one("budget-by-id", { id });
    return row && this.#remember(budgetOfRow(row));
  }

  putBudget(budget: Budget): void {
    this.#database.run("put-budget", rowOfBudget(budget));
    this.#runBudgets.delete(budget.id);
    this.#remember(budget);
  }

  #remember(budget: Budget): Budget {
    if (!isDefaultRun(budget)) this.#budgets.set(budget.id, budget);
    else {
      if (this.#runBudgets.size >= MOST_RUN_BUDGETS) this.#runBudgets.clear();
      this.#runBudgets.set(budget.id, budget);
    }
    return budget;
  }

  /** The account as it is, or undefined when nothing was ever booked or leased on it. */
  find(id: string): Account | undefined {
    const known = this.#accounts.get(id);
    if (known) return known;
    const row = this.#database.one("account-by-id", { id });
    if (!row) return undefined;
    const account = accountOfRow(row);
    this.#accounts.set(id, account);
    return account;
  }

  open(budgetId: string, window: Period): Account {
    const budget = this.budget(budgetId);
    invariant(budget, `no budget ${budgetId}`);
    const id = accountId(budgetId, window);
    const known = this.find(id);
    if (known) return known;
    const account = openAccount(budget, window);
    this.#accounts.set(id, account);
    this.#untouched.add(id);
    return account;
  }

  /** Whether the limit is never exceeded or only told about: no balance, so no entry. */
  setHard(id: string, hard: boolean): void {
    const account = this.find(id);
    invariant(account, `no account ${id}`);
    this.#accounts.set(id, { ...account, hard });
    this.#changed.add(id);
  }

  /**
   * Appends the entry and changes every account it names.
   * @param leaseHolder whose lease a lease, give_back, settle or doubt changes; this process unless said otherwise
   * @returns false when `once` has happened before; then nothing changes
   */
  append(entry: Entry, leaseHolder = this.epoch): boolean {
    const accounts = joinAccounts(entry.accounts);
    const seq = this.#seq + 1;
    const hash = entryHash(this.#hash, seq, entry, accounts);
    const appended = this.#database.runPositional(
      "append-entry",
      seq,
      entry.at,
      entry.kind,
      entry.ref,
      entry.epoch,
      entry.tenant,
      accounts,
      entry.amountNano,
      entry.heldNano,
      entry.inputTokens,
      entry.outputTokens,
      entry.once,
      hash,
    );
    if (appended === 0) return false;
    this.#seq = seq;
    this.#hash = hash;
    for (const id of entry.accounts) this.#post(id, entry, leaseHolder);
    return true;
  }

  /** Writes what changed; call before the commit. */
  flush(): void {
    for (const id of this.#changed) this.#database.run("put-account", rowOfAccount(this.#accounts.get(id)!));
    this.#changed.clear();
    for (const id of this.#untouched) this.#accounts.delete(id);
    this.#untouched.clear();
    for (const [key, changeNano] of this.#leaseChanges) {
      const space = key.indexOf(" ");
      if (changeNano !== 0n) {
        this.#database.run("change-lease", { epoch: Number(key.slice(0, space)), accountId: key.slice(space + 1), changeNano });
      }
    }
    this.#leaseChanges.clear();
    if (this.#accounts.size > 100_000) this.#accounts.clear();
  }

  #post(id: string, entry: Posting & Entry, leaseHolder: number): void {
    const before = this.find(id);
    invariant(before, `no account ${id}`);
    const after = post(before, entry);
    if (after === before) return;
    this.#untouched.delete(id);
    this.#accounts.set(id, after);
    this.#changed.add(id);
    if (after.leasedNano !== before.leasedNano) {
      const key = `${leaseHolder} ${id}`;
      this.#leaseChanges.set(key, (this.#leaseChanges.get(key) ?? 0n) + after.leasedNano - before.leasedNano);
    }
    if (after.spentNano > before.spentNano) this.#recordCrossings(before, after, entry);
    if (after.hard && after.overrunNano > before.overrunNano && entry.kind !== "set_limit") this.#recordOverrun(after, entry);
  }

  #recordCrossings(before: Account, after: Account, entry: Entry): void {
    const thresholds = this.budget(after.budgetId)?.thresholds ?? [];
    const move = { before: before.spentNano, after: after.spentNano, limit: after.limitNano, thresholds };
    for (const percent of crossedThresholds(move)) {
      if (this.#database.run("put-crossing", { accountId: after.id, percent, at: entry.at }) === 0) continue;
      this.#alert("budget_threshold_crossed", after, { percent, at: entry.at });
    }
  }

  #recordOverrun(account: Account, entry: Entry): void {
    this.#alert("budget_overrun", account, { overrun_usd: formatUsd(account.overrunNano), kind: entry.kind, ref: entry.ref, at: entry.at });
  }

  #alert(type: string, account: Account, more: Record<string, unknown>): void {
    const facts = {
      type,
      budget: account.budgetId,
      account: account.id,
      limit_usd: formatUsd(account.limitNano),
      spent_usd: formatUsd(account.spentNano),
    };
    this.#database.runPositional("append-outbox", "alert", JSON.stringify({ ...facts, ...more }));
  }
}
