import { MOST_LIMIT_NANO } from "../../contract/most-amounts.ts";
import { Problem } from "../../contract/problem.ts";
import { accountId, type Budget, limitInForce } from "../../core/ledger/budget.ts";
import { type BudgetRaise, raiseTurn } from "../../core/ledger/budget-raise.ts";
import { formatUsd, type Nano } from "../../core/money/usd.ts";
import { type Instant, windowAt } from "../../core/time/window.ts";
import type { AuditedChange, CreditAnswer, CreditRequest, LedgerStore, RaiseAnswer } from "../../ports/ledger-store.ts";
import type { AuditLog } from "./audit-log.ts";
import type { BalanceSheet } from "./balance-sheet.ts";
import { GuideWishes } from "./guide-wishes.ts";
import type { LedgerDatabase, SqlRow } from "./ledger-database.ts";
import { raiseOfRow } from "./row-shapes.ts";

/** What changes budgets, as the engine's operations: each checks before it writes, so that a refusal leaves nothing behind. */
export function budgetOperations(database: LedgerDatabase, sheet: BalanceSheet, audit: AuditLog) {
  const budgets = new BudgetOperations(database, sheet, audit);
  const wishes = new GuideWishes({ database, sheet, audit, budgets });
  return {
    takeWishes: wishes.take.bind(wishes),
    putBudget: budgets.put.bind(budgets),
    putBudgets: budgets.putAll.bind(budgets),
    raiseBudget: budgets.raise.bind(budgets),
    endRaise: budgets.endRaise.bind(budgets),
    turnRaises: budgets.turnRaises.bind(budgets),
    raises: budgets.raises.bind(budgets),
    findRaise: budgets.find.bind(budgets),
    raisesOf: budgets.raisesOf.bind(budgets),
    creditBudget: budgets.credit.bind(budgets),
  };
}

/** @throws Problem amount_invalid when the budget and all its raises are beyond what a limit may be */
export function checkRaise(budget: Budget, raises: readonly BudgetRaise[], amountNano: Nano): void {
  const others = raises.filter(({ budgetId, state }) => budgetId === budget.id && state !== "over");
  const highest = others.reduce((sum, other) => sum + other.amountNano, budget.limitNano + amountNano);
  if (highest <= MOST_LIMIT_NANO) return;
  const most = `above the most that is accepted, ${formatUsd(MOST_LIMIT_NANO)} USD`;
  const message = `With all its raises the limit would be ${formatUsd(highest)} USD, ${most}.`;
  throw new Problem("amount_invalid", { field: "/amount_usd" }, { message });
}

/** What a reset credits. @param amountNano null for all that is spent @throws Problem amount_invalid when there is not so much, or nothing */
export function creditOf(spentNano: Nano, amountNano: Nano | null): Nano {
  const creditedNano = amountNano ?? spentNano;
  if (creditedNano > 0n && creditedNano <= spentNano) return creditedNano;
  const why = creditedNano === 0n ? "there is nothing to credit" : `${formatUsd(creditedNano)} USD cannot be credited`;
  const message = `${formatUsd(spentNano)} USD are spent in this window, so ${why}.`;
  throw new Problem("amount_invalid", { field: "/amount_usd", spent_usd: formatUsd(spentNano) }, { message });
}

export class BudgetOperations {
  readonly #database: LedgerDatabase;
  readonly #sheet: BalanceSheet;
  readonly #audit: AuditLog;

  constructor(database: LedgerDatabase, sheet: BalanceSheet, audit: AuditLog) {
    this.#database = database;
    this.#sheet = sheet;
    this.#audit = audit;
  }

  /** @returns the budget as it can be read back */
  put(budget: Budget, change: AuditedChange): Budget {
    const before = this.#sheet.budget(budget.id);
    this.#sheet.putBudget(before ? { ...budget, createdAt: before.createdAt } : budget);
    const stored = this.#sheet.readBudget(budget.id);
    if (before) this.#applyToOpenAccounts(before, stored);
    this.#audit.append(change, stored.updatedAt);
    return stored;
  }

  putAll(changes: Parameters<LedgerStore["putBudgets"]>[0]): Budget[] {
    return changes.map(({ budget, change }) => this.put(budget, change));
  }

  raise(raise: Parameters<LedgerStore["raiseBudget"]>[0], actor: string): RaiseAnswer {
    const { id, budgetId, amountNano, beginsAt, endsAt, approver, reason, createdAt } = raise;
    const known = this.find(id);
    if (known) {
      if (!isSameRaise(known, raise)) throw reused(id);
      return { raise: known, budgets: [], repeated: true };
    }
    const budget = this.#budgetOf(budgetId);
    checkRaise(budget, this.raises(), amountNano);
    this.#database.run("put-raise", { id, budgetId, amountNano, beginsAt, endsAt, approver, reason, createdAt });
    const after = { raise: id, amount_usd: formatUsd(amountNano), approver, begins_at: textOf(beginsAt), ends_at: textOf(endsAt) };
    this.#audit.append({ actor, action: "budget.raise", target: budgetId, reason, before: null, after: JSON.stringify(after) }, createdAt);
    const budgets = this.turnRaises(createdAt);
    return { raise: this.#raiseOf(id), budgets, repeated: false };
  }

  endRaise({ id, at, actor, reason }: Parameters<LedgerStore["endRaise"]>[0]): RaiseAnswer {
    const raise = this.#raiseOf(id);
    if (raise.state === "over") return { raise, budgets: [], repeated: true };
    this.#database.run("end-raise", { id, at });
    const [before, after] = [raise.endsAt, at].map((endsAt) => JSON.stringify({ raise: id, ends_at: textOf(endsAt) }));
    this.#audit.append({ actor, action: "budget.raise.end", target: raise.budgetId, reason, before: before!, after: after! }, at);
    const budgets = this.turnRaises(at);
    return { raise: this.#raiseOf(id), budgets, repeated: false };
  }

  turnRaises(at: Instant): Budget[] {
    const changed = new Map<string, Budget>();
    for (const raise of this.#database.all("raises-to-turn", { at }).map(raiseOfRow)) {
      const state = raiseTurn(raise, at);
      const isTurned = state !== undefined && this.#database.run("turn-raise", { id: raise.id, before: raise.state, after: state }) === 1;
      // A raise that begins and ends while nobody looked was never in force: there is nothing to take back.
      if (!isTurned || (raise.state === "planned" && state === "over")) continue;
      changed.set(raise.budgetId, this.#bookTurn(raise, state, at));
    }
    return [...changed.values()];
  }

  raises(): BudgetRaise[] {
    return this.#database.all("raises-not-over").map(raiseOfRow);
  }

  find(id: string): BudgetRaise | undefined {
    const row = this.#database.one("raise-by-id", { id });
    return row && raiseOfRow(row);
  }

  raisesOf(budgetId: string, limit: number): BudgetRaise[] {
    return this.#database.all("raises-of-budget", { budgetId, limit }).map(raiseOfRow);
  }

  credit({ id, budgetId, amountNano, tokens, at, actor, approver, reason }: CreditRequest): CreditAnswer {
    const budget = this.#budgetOf(budgetId);
    const booked = this.#database.one("credit-entry", { once: `credit:${id}` });
    if (booked) return this.#creditAgain(budget, booked, { id, amountNano });
    const account = accountId(budgetId, windowAt(budget.window, budget.zone, at));
    const spentNano = this.#sheet.find(account)?.spentNano ?? 0n;
    const creditedNano = tokens && amountNano === 0n ? 0n : creditOf(spentNano, amountNano);
    const counted = { inputTokens: Number(tokens?.input ?? 0n), outputTokens: Number(tokens?.output ?? 0n) };
    this.#append({ at, kind: "credit", ref: id, accounts: [account], amountNano: creditedNano, once: `credit:${id}`, ...counted });
    const after = this.#sheet.find(account)!;
    const facts = { account, entry: id, approver, credited_usd: formatUsd(creditedNano) };
    const [said, saidAfter] = [spentNano, after.spentNano].map((nano) => JSON.stringify({ ...facts, spent_usd: formatUsd(nano) }));
    this.#audit.append({ actor, action: "budget.reset", target: budgetId, reason, before: said!, after: saidAfter! }, at);
    this.#forgetCrossings(account, after.spentNano, after.limitNano);
    return { budget, account: after, creditedNano, repeated: false };
  }

  /** @throws Problem idempotency_key_reused when it was another budget's, or another amount */
  #creditAgain(budget: Budget, booked: SqlRow, { id, amountNano }: Pick<CreditRequest, "id" | "amountNano">): CreditAnswer {
    const account = this.#sheet.find(String(booked.accounts));
    const creditedNano = booked.amount_nano as bigint;
    if (account?.budgetId !== budget.id || (amountNano !== null && amountNano !== creditedNano)) throw reused(id);
    return { budget, account, creditedNano, repeated: true };
  }

  #applyToOpenAccounts(before: Budget, stored: Budget): void {
    if (before.limitNano === stored.limitNano && before.hard === stored.hard) return;
    for (const id of this.#openAccounts(stored.id, stored.updatedAt)) {
      this.#sheet.setHard(id, stored.hard);
      this.#append({
        at: stored.updatedAt,
        kind: "set_limit",
        ref: stored.id,
        accounts: [id],
        amountNano: limitInForce(stored),
        once: null,
      });
    }
  }

  /** Once for each raise and edge, on all accounts of windows that have not ended; those that open later open with the sum. */
  #bookTurn(raise: BudgetRaise, state: "active" | "over", at: Instant): Budget {
    const { id, budgetId } = raise;
    this.#database.run("sum-raises", { id: budgetId, version: this.#sheet.changed() });
    const before = limitInForce(this.#budgetOf(budgetId));
    const budget = this.#sheet.readBudget(budgetId);
    const accounts = this.#openAccounts(budgetId, at);
    const once = `raise:${id}:${state}`;
    if (accounts.length > 0) this.#append({ at, kind: "set_limit", ref: id, accounts, amountNano: limitInForce(budget), once });
    const action = state === "active" ? "budget.raise.begins" : "budget.raise.is_over";
    const limits = { before: formatUsd(before), after: formatUsd(limitInForce(budget)) };
    this.#audit.append({ actor: "ballast", action, target: budgetId, reason: `raise ${id}`, ...limits }, at);
    return budget;
  }

  /** What this transaction has opened is in the tables only once it is written there. */
  #openAccounts(budgetId: string, at: Instant): string[] {
    this.#sheet.flush();
    return this.#database.all("open-accounts-of-budget", { budgetId, at }).map((row) => String(row.id));
  }

  /** Thresholds that the money spent no longer reaches are told again when it reaches them again. */
  #forgetCrossings(account: string, spentNano: Nano, limitNano: Nano): void {
    for (const row of this.#database.all("crossings", { accountId: account })) {
      const percent = Number(row.percent);
      if (BigInt(percent) * limitNano > spentNano * 100n) this.#database.run("forget-crossing", { accountId: account, percent });
    }
  }

  #budgetOf(id: string): Budget {
    const budget = this.#sheet.budget(id);
    if (!budget) throw new Problem("not_found", { budget: id }, { message: `There is no budget ${id}.` });
    return budget;
  }

  #raiseOf(id: string): BudgetRaise {
    const raise = this.find(id);
    if (!raise) throw new Problem("not_found", { raise: id }, { message: `There is no raise ${id}.` });
    return raise;
  }

  #append(entry: {
    at: Instant;
    kind: "set_limit" | "credit";
    ref: string;
    accounts: readonly string[];
    amountNano: Nano;
    once: string | null;
    inputTokens?: number;
    outputTokens?: number;
  }): boolean {
    return this.#sheet.append({ inputTokens: 0, outputTokens: 0, ...entry, epoch: this.#sheet.epoch, tenant: "", heldNano: 0n });
  }
}

/** Whether a request says what an earlier one of the same id said; when it was made is no part of that. */
function isSameRaise(known: BudgetRaise, asked: Omit<BudgetRaise, "state" | "endedEarly">): boolean {
  const { budgetId, amountNano, endsAt, approver, reason } = asked;
  const ends = known.endedEarly || known.endsAt === endsAt;
  return ends && known.budgetId === budgetId && known.amountNano === amountNano && known.approver === approver && known.reason === reason;
}

function reused(id: string): Problem {
  const requestId = id.slice(id.indexOf("_") + 1);
  const message = `The request id ${requestId} was used for another raise or reset; nothing was changed.`;
  return new Problem("idempotency_key_reused", { field: "/request_id", request_id: requestId }, { message });
}

function textOf(at: Instant): string {
  return new Date(at).toISOString();
}
