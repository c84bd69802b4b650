import { Problem } from "../../contract/problem.ts";
import {
  type Account,
  accountId,
  availableNano,
  type Budget,
  isDefaultRun,
  openAccount,
  warnsAfterNano,
} from "../../core/ledger/budget.ts";
import { leaseSize } from "../../core/ledger/lease-size.ts";
import { formatUsd, type Nano } from "../../core/money/usd.ts";
import { type Instant, windowsAt } from "../../core/time/window.ts";
import type { Ending, EndingAnswer, Hold, LeaseAnswer, LeaseRequest, Return, TrackAnswer, TrackRequest } from "../../ports/ledger-store.ts";
import type { AuditLog } from "./audit-log.ts";
import type { BalanceSheet } from "./balance-sheet.ts";
import { joinAccounts, splitAccounts } from "./chained-rows.ts";
import type { LeaseRecalls } from "./lease-recalls.ts";
import type { LedgerDatabase, SqlRow } from "./ledger-database.ts";
import { epochOfLostLease } from "./lost-lease.ts";

/** Sums of an account are 64 bit integers of nano-dollars: half of what these hold, four thousand million dollars. */
const MOST_SUM_NANO = 2n ** 62n;

/** What changes money, one method each. Every method checks before it writes, so that a refusal leaves nothing behind. */
export class LedgerOperations {
  readonly #database: LedgerDatabase;
  readonly #sheet: BalanceSheet;
  readonly #audit: AuditLog;
  readonly #recalls: LeaseRecalls;

  constructor(database: LedgerDatabase, sheet: BalanceSheet, audit: AuditLog, recalls: LeaseRecalls) {
    this.#database = database;
    this.#sheet = sheet;
    this.#audit = audit;
    this.#recalls = recalls;
  }

  lease(request: LeaseRequest): LeaseAnswer {
    this.#sheet.requireAlive();
    const created = this.#createDue(request.create, request.at);
    const sizes: { account: Account; amountNano: Nano }[] = [];
    for (const want of request.wants) {
      const account = this.#sheet.open(want.budgetId, want.window);
      const size = leaseSize(want.missingNano, availableNano(account)) ?? (account.hard ? undefined : want.missingNano);
      if (size === undefined) {
        const recall = this.#recalls.callBack(account, want.missingNano, request.recalls?.[account.id]);
        return { outcome: "short", account, created, recall, asOfEntry: this.#sheet.lastEntry };
      }
      // Where somebody is short nothing is leased to lie idle.
      sizes.push({ account, amountNano: this.#sheet.isPressed(account.id) ? want.missingNano : size });
    }
    for (const { account, amountNano } of sizes) {
      this.#sheet.append({ ...this.#blank("lease", request.at), accounts: [account.id], amountNano });
    }
    const grants = sizes.map(({ account, amountNano }) => {
      const { warnPercent } = this.#sheet.budget(account.budgetId)!;
      return { account: account.id, amountNano, warnsAfterNano: warnsAfterNano(account, warnPercent) };
    });
    return { outcome: "granted", grants, created };
  }

  leases(): { account: string; amountNano: Nano }[] {
    this.#sheet.requireAlive();
    this.#sheet.flush();
    const rows = this.#database.all("process-leases", { epoch: this.#sheet.epoch });
    return rows.map((row) => ({ account: String(row.account_id), amountNano: row.granted_nano as Nano }));
  }

  giveBack(returns: readonly Return[], at: Instant): void {
    this.#sheet.requireAlive();
    for (const { account, amountNano, answers } of returns) {
      if (amountNano > 0n) this.#sheet.append({ ...this.#blank("give_back", at), accounts: [account], amountNano });
      if (answers !== undefined) this.#recalls.answer(account, answers);
    }
  }

  /** @param dead for a call of a process that is gone: whose lease it was held from, and why it is in doubt */
  end(asked: Ending, dead: { leaseHolder?: number; reason?: string } = {}): EndingAnswer {
    const ending = this.#bookable(asked);
    if (ending.epoch !== undefined && ending.epoch !== this.#sheet.epoch) return this.endLate(ending);
    if (ending.kind !== "none") {
      if (dead.leaseHolder === undefined) this.#sheet.requireAlive();
      const entry = {
        at: ending.at,
        kind: ending.kind,
        ref: ending.holdId,
        epoch: this.#sheet.epoch,
        tenant: ending.tenant,
        accounts: ending.accounts,
        amountNano: ending.amountNano,
        heldNano: ending.heldNano,
        inputTokens: ending.inputTokens,
        outputTokens: ending.outputTokens,
        once: `end:${ending.holdId}`,
      } as const;
      if (!this.#sheet.append(entry, dead.leaseHolder)) return { applied: false, warned: [] };
      if (ending.amountNano > ending.heldNano) this.#alertHoldExceeded(ending);
      if (ending.kind === "doubt") this.#rememberDoubt(ending, dead.reason ?? ending.doubt ?? "the provider may have billed this call");
      if (ending.alert !== undefined) this.#database.runPositional("append-outbox", "alert", ending.alert);
    }
    this.#keepAnswer(ending);
    return { applied: true, warned: this.#warned(ending.accounts) };
  }

  /** An ending that could never be written would keep all others waiting, and a start too: what the ledger cannot hold is in doubt. */
  #bookable(ending: Ending): Ending {
    if (ending.kind !== "settle" || this.#holds(ending.accounts, ending.amountNano)) return ending;
    return { ...ending, kind: "doubt", amountNano: 0n, doubt: "the cost is beyond what the ledger can hold" };
  }

  #holds(accounts: readonly string[], amountNano: Nano): boolean {
    return amountNano <= MOST_SUM_NANO && accounts.every((id) => (this.#sheet.find(id)?.spentNano ?? 0n) + amountNano <= MOST_SUM_NANO);
  }

  /**
   * Ends a hold whose process was taken for dead, and which is in doubt under its own name since. Nothing of it is leased any more. When
   * somebody else has resolved it, that stands.
   */
  endLate(ending: Pick<Ending, "kind" | "holdId" | "amountNano" | "inputTokens" | "outputTokens" | "trace" | "idempotency">): EndingAnswer {
    const row = ending.kind === "doubt" ? undefined : this.#database.one("hold-in-doubt", { holdId: ending.holdId });
    if (!row) return { applied: false, warned: [] };
    const hold = holdOfRow(row);
    this.#sheet.append({
      ...this.#blank("resolve", hold.since),
      ref: hold.holdId,
      tenant: String(row.tenant),
      accounts: hold.accounts,
      amountNano: ending.amountNano,
      heldNano: hold.heldNano,
      inputTokens: ending.inputTokens,
      outputTokens: ending.outputTokens,
      once: `resolve:${hold.holdId}`,
    });
    this.#database.run("delete-hold-in-doubt", { holdId: hold.holdId });
    this.#keepAnswer(ending);
    return { applied: true, warned: this.#warned(hold.accounts) };
  }

  #keepAnswer(ending: Pick<Ending, "trace" | "idempotency">): void {
    if (ending.trace !== null) this.#database.runPositional("append-outbox", "request_trace", ending.trace);
    if (ending.idempotency) {
      const { keyId, key, answer } = ending.idempotency;
      this.#database.run("answer-idempotency", {
        keyId,
        key,
        status: answer.status,
        headers: JSON.stringify(answer.headers),
        body: answer.body,
      });
    }
  }

  track(request: TrackRequest): TrackAnswer {
    const { requestId, tenant, fingerprint } = request;
    const seen = this.#database.one("tracked-request", { requestId, tenant });
    if (seen && String(seen.fingerprint) !== fingerprint) return { outcome: "conflict" };
    const created = this.#createDue(request.create, request.at);
    const accounts = request.wants.map((want) => this.#sheet.open(want.budgetId, want.window).id);
    if (!seen) {
      if (!this.#holds(accounts, request.amountNano)) {
        const message = "So much is spent already that the ledger cannot hold this too; nothing was booked.";
        throw new Problem("amount_invalid", { field: "/cost_usd", request_id: requestId }, { message });
      }
      this.#database.run("put-tracked-request", { requestId, tenant, fingerprint });
      this.#sheet.append({
        ...this.#blank("track", request.at),
        ref: requestId,
        tenant,
        accounts,
        amountNano: request.amountNano,
        inputTokens: request.inputTokens,
        outputTokens: request.outputTokens,
      });
      this.#database.runPositional("append-outbox", "request_trace", request.trace);
    }
    return { outcome: seen ? "repeated" : "booked", accounts: accounts.map((id) => this.#sheet.find(id)!), created };
  }

  resolveDoubt(request: { holdId: string; amountNano: Nano; at: Instant; actor: string; reason: string }): Hold {
    const row = this.#database.one("hold-in-doubt", { holdId: request.holdId });
    if (!row) throw new Problem("hold_not_found", { hold: request.holdId });
    const hold = holdOfRow(row);
    this.#sheet.append({
      ...this.#blank("resolve", hold.since),
      ref: hold.holdId,
      tenant: String(row.tenant),
      accounts: hold.accounts,
      amountNano: request.amountNano,
      heldNano: hold.heldNano,
      once: `resolve:${hold.holdId}`,
    });
    this.#database.run("delete-hold-in-doubt", { holdId: hold.holdId });
    // Now that somebody has explained the sum, the journal of its process must not explain it too.
    const lost = epochOfLostLease(hold.holdId);
    if (lost !== undefined) this.#database.run("end-process", { epoch: lost, endedAt: request.at });
    if (row.trace !== null) {
      const trace = { ...JSON.parse(String(row.trace)), unit_cost_usd: formatUsd(request.amountNano), cost_basis: "estimated" };
      this.#database.runPositional("append-outbox", "request_trace", JSON.stringify(trace));
    }
    const change = { actor: request.actor, action: "hold.resolve", target: hold.holdId, reason: request.reason };
    this.#audit.append({ ...change, before: formatUsd(hold.heldNano), after: formatUsd(request.amountNano) }, request.at);
    return hold;
  }

  holdsInDoubt(limit: number): Hold[] {
    return this.#database.all("holds-in-doubt", { limit }).map(holdOfRow);
  }

  accounts(budgetIds: readonly string[], at: Instant): Account[] {
    const windowOf = windowsAt(at);
    const wanted = budgetIds.flatMap((id) => {
      const budget = this.#sheet.budget(id);
      return budget ? [{ budget, window: windowOf(budget) }] : [];
    });
    const found = this.#sheet.findAll(wanted.map(({ budget, window }) => accountId(budget.id, window)));
    return wanted.map(({ budget, window }, index) => found[index] ?? openAccount(budget, window));
  }

  /** @returns the budgets as they stand now, those too that were there already: a run's may have left the memory of who asks */
  #createDue(budgets: readonly Budget[], at: Instant): Budget[] {
    return budgets.map((budget) => {
      const stored = this.#sheet.budget(budget.id);
      if (stored) return stored;
      this.#sheet.putBudget(budget);
      const reason = isDefaultRun(budget) ? "the run's first call, run_budget" : "the tenant's first call, default budget";
      const change = { actor: "ballast", action: "budget.create", target: budget.id, reason };
      this.#audit.append({ ...change, before: null, after: formatUsd(budget.limitNano) }, at);
      return budget;
    });
  }

  budgetsNamed(ids: readonly string[]): Budget[] {
    return ids.flatMap((id) => this.#sheet.budget(id) ?? []);
  }

  #warned(accounts: readonly string[]): string[] {
    return accounts.filter((id) => {
      const account = this.#sheet.find(id);
      const warnPercent = account && this.#sheet.budget(account.budgetId)?.warnPercent;
      return account && warnPercent !== undefined && warnsAfterNano(account, warnPercent) < 0n;
    });
  }

  /** A hold is a true upper bound; a call that cost more shows that the bound is wrong, and somebody has to know. */
  #alertHoldExceeded(ending: Ending): void {
    const { holdId, tenant, at } = ending;
    const facts = {
      type: "hold_exceeded",
      hold: holdId,
      tenant,
      held_usd: formatUsd(ending.heldNano),
      cost_usd: formatUsd(ending.amountNano),
      at,
    };
    this.#database.runPositional("append-outbox", "alert", JSON.stringify(facts));
  }

  #rememberDoubt(ending: Ending, reason: string): void {
    const { holdId, tenant, heldNano, trace } = ending;
    this.#database.run("put-hold-in-doubt", {
      holdId,
      tenant,
      accounts: joinAccounts(ending.accounts),
      heldNano,
      since: ending.at,
      reason,
      trace,
    });
  }

  #blank<Kind extends "lease" | "give_back" | "track" | "resolve">(kind: Kind, at: Instant) {
    const amounts = { amountNano: 0n, heldNano: 0n, inputTokens: 0, outputTokens: 0 };
    return {
      ...amounts,
      at,
      kind,
      ref: "",
      epoch: this.#sheet.epoch,
      tenant: "",
      accounts: [] as readonly string[],
      once: null as string | null,
    };
  }
}

function holdOfRow(row: SqlRow): Hold {
  return {
    holdId: String(row.hold_id),
    accounts: splitAccounts(String(row.accounts)),
    heldNano: row.held_nano as bigint,
    since: Number(row.since),
    reason: String(row.reason),
  };
}
