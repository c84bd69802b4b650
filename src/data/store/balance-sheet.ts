import { Problem } from "../../contract/problem.ts";
import { invariant } from "../../core/invariant.ts";
import { type Account, accountId, type Budget, isDefaultRun, openAccount } from "../../core/ledger/budget.ts";
import { crossedThresholds } from "../../core/ledger/crossed-thresholds.ts";
import { type Posting, post } from "../../core/ledger/posting.ts";
import { formatUsd } from "../../core/money/usd.ts";
import type { Period } from "../../core/time/window.ts";
import { CHAIN_START, type Entry, entryHash, joinAccounts } from "./chained-rows.ts";
import type { LedgerDatabase, SqlRow } from "./ledger-database.ts";
import { accountOfRow, budgetOfRow, rowOfAccount, rowOfBudget } from "./row-shapes.ts";

/** Reading one again is one look-up; a flood of invented runs must not fill the memory. */
const MOST_RUN_BUDGETS = 10_000;

/**
 * Accounts and entries within one transaction. Balances are written once per transaction however many entries touched them. Between
 * transactions they are kept in memory where this is their only writer, and read anew where others write too. After a failed
 * transaction everything is read afresh.
 */
export class BalanceSheet {
  readonly #database: LedgerDatabase;
  /** This process's number: what it leases is leased under it. */
  epoch = 0;
  readonly #budgets = new Map<string, Budget>();
  /** Budgets of runs that were asked for lately; the others are read when they are needed. */
  readonly #runBudgets = new Map<string, Budget>();
  readonly #accounts = new Map<string, Account>();
  readonly #changed = new Set<string>();
  /** Opened in this transaction and not posted to: not to be remembered, since a later limit must hold for them from the start. */
  readonly #untouched = new Set<string>();
  readonly #leaseChanges = new Map<string, bigint>();
  /** Accounts of which idle money was called back just now. */
  readonly #pressed = new Set<string>();
  /** Up to which change the budgets in memory are those of the store, and this transaction's own change. */
  #version = 0;
  #ownVersion: number | undefined;
  #alive = true;
  /** Counts transactions where others write too. */
  transaction = 0;
  #seq = 0;
  #hash: Uint8Array = CHAIN_START;

  constructor(database: LedgerDatabase) {
    this.#database = database;
    this.reload();
  }

  /** A number of this process that was just registered: the first one, or another one after it was taken for dead. */
  become(epoch: number): void {
    this.epoch = epoch;
    this.#alive = true;
  }

  /** Forgets what a failed transaction left in memory. */
  reload(): void {
    this.#accounts.clear();
    this.#changed.clear();
    this.#untouched.clear();
    this.#leaseChanges.clear();
    this.#budgets.clear();
    this.#runBudgets.clear();
    for (const row of this.#database.each("all-budgets")) {
      const budget = budgetOfRow(row);
      this.#budgets.set(budget.id, budget);
    }
    this.#ownVersion = undefined;
    const head = this.#database.one("ledger-head", { epoch: this.epoch })!;
    this.#version = Number(head.version);
    this.#takeHead(head);
  }

  /** What others did since the last transaction. */
  catchUp(head: SqlRow): void {
    this.transaction += 1;
    this.#accounts.clear();
    this.#pressed.clear();
    this.#takeHead(head);
    const version = Number(head.version);
    if (version === this.#version) return;
    for (const budget of this.budgetsSince(this.#version)) this.#keep(budget);
    this.#version = version;
  }

  /** @throws Problem process_fenced when this process was taken for dead: its leases are in doubt, and not its own any more */
  requireAlive(): void {
    if (!this.#alive) throw new Problem("process_fenced", { epoch: this.epoch });
  }

  /** Number of the newest entry: an answer that tells balances tells with it as of when they are. */
  get lastEntry(): number {
    return this.#seq;
  }

  /** Up to which change of budgets and keys this transaction sees. */
  get version(): number {
    return this.#version;
  }

  /** Others have to learn of what this transaction changes: the number to change it under. */
  changed(): number {
    this.#ownVersion ??= Number(this.#database.one("count-change", {})!.version);
    this.#database.tellNews({ kind: "changed" });
    return this.#ownVersion;
  }

  budgetsSince(version: number): Budget[] {
    return this.#database.all("budgets-since", { version }).map(budgetOfRow);
  }

  /** Whether somebody was short of this account just now, so that nothing should lie idle. */
  isPressed(id: string): boolean {
    return this.#pressed.has(id);
  }

  /** All but those that first calls of runs have made. */
  budgets(): Budget[] {
    return [...this.#budgets.values()];
  }

  budget(id: string): Budget | undefined {
    const known = this.#budgets.get(id) ?? this.#runBudgets.get(id);
    if (known) return known;
    const row = this.#database.one("budget-by-id", { id });
    return row && this.#keep(budgetOfRow(row));
  }

  putBudget(budget: Budget): void {
    // What a run's first call makes is news to nobody: whoever is called for the run reads it then.
    const isNews = !isDefaultRun(budget) || this.budget(budget.id) !== undefined;
    this.#database.run("put-budget", { ...rowOfBudget(budget), version: isNews ? this.changed() : 0 });
    this.#keep(budget);
  }

  #keep(budget: Budget): Budget {
    this.#runBudgets.delete(budget.id);
    if (!isDefaultRun(budget)) this.#budgets.set(budget.id, budget);
    else {
      if (this.#runBudgets.size >= MOST_RUN_BUDGETS) this.#runBudgets.clear();
      this.#runBudgets.set(budget.id, budget);
    }
    return budget;
  }

  /** Takes the budget as it is stored: its raises are no part of what is written with it. */
  readBudget(id: string): Budget {
    const row = this.#database.one("budget-by-id", { id });
    invariant(row, `no budget ${id}`);
    return this.#keep(budgetOfRow(row));
  }

  /** The account as it is, or undefined when nothing was ever booked or leased on it. */
  find(id: string): Account | undefined {
    const known = this.#accounts.get(id);
    if (known) return known;
    const row = this.#database.one("account-by-id", { id });
    if (!row) return undefined;
    return this.#remember(row);
  }

  #remember(row: SqlRow): Account {
    const account = accountOfRow(row);
    this.#accounts.set(account.id, account);
    if (Number(row.pressed) === 1) this.#pressed.add(account.id);
    return account;
  }

  /** As `find`, of many at once: one question to the database for all that are not in memory. */
  findAll(ids: readonly string[]): (Account | undefined)[] {
    const missing = ids.filter((id) => !this.#accounts.has(id));
    if (missing.length === 1) return ids.map((id) => this.find(id));
    const rows = missing.length === 0 ? [] : this.#database.all("accounts-by-ids", { ids: JSON.stringify(missing) });
    for (const row of rows) this.#remember(row);
    return ids.map((id) => this.#accounts.get(id));
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
    for (const id of this.#changed) this.#database.later("put-account", rowOfAccount(this.#accounts.get(id)!));
    this.#changed.clear();
    for (const id of this.#untouched) this.#accounts.delete(id);
    this.#untouched.clear();
    for (const [key, changeNano] of this.#leaseChanges) {
      const space = key.indexOf(" ");
      if (changeNano !== 0n) {
        this.#database.later("change-lease", { epoch: Number(key.slice(0, space)), accountId: key.slice(space + 1), changeNano });
      }
    }
    this.#leaseChanges.clear();
    if (this.#ownVersion !== undefined) this.#version = this.#ownVersion;
    this.#ownVersion = undefined;
    if (this.#accounts.size > 100_000) this.#accounts.clear();
  }

  #takeHead(head: SqlRow): void {
    this.#seq = Number(head.entry_seq ?? 0);
    this.#hash = head.entry_hash === null ? CHAIN_START : (head.entry_hash as Uint8Array);
    this.#alive = !this.#database.shared || Number(head.alive) === 1;
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
      ...(account.creditedNano > 0n ? { credited_usd: formatUsd(account.creditedNano) } : {}),
    };
    this.#database.runPositional("append-outbox", "alert", JSON.stringify({ ...facts, ...more }));
  }
}
