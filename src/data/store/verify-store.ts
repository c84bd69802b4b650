import { type Account, availableNano, openAccount } from "../../core/ledger/budget.ts";
import { post } from "../../core/ledger/posting.ts";
import { formatUsd } from "../../core/money/usd.ts";
import type { StoreFindings } from "../../ports/ledger-store.ts";
import { auditHash, CHAIN_START, type Entry, entryHash, splitAccounts } from "./chained-rows.ts";
import type { LedgerDatabase, SqlRow } from "./ledger-database.ts";
import { accountOfRow } from "./row-shapes.ts";

/** Recomputes every balance from the entries, by the same rules that made them, and both chains of hashes. */
export function verifyStore(database: LedgerDatabase): StoreFindings {
  const findings: string[] = [];
  const stored = new Map(database.all("all-accounts").map((row) => [String(row.id), accountOfRow(row)]));
  const replayed = new Map<string, Account>();
  let hash: Uint8Array = CHAIN_START;
  let entries = 0;
  for (const row of database.each("all-entries")) {
    entries += 1;
    const entry = entryOfRow(row);
    const expected = entryHash(hash, Number(row.seq), entry, String(row.accounts));
    if (Number(row.seq) !== entries) findings.push(`Entry ${entries} is missing: the next one is ${row.seq}.`);
    if (!expected.equals(row.hash as Uint8Array))
      findings.push(`Entry ${row.seq} does not match its hash: it, or one before it, was changed.`);
    hash = row.hash as Uint8Array;
    for (const id of entry.accounts) {
      const before = replayed.get(id) ?? blankAccount(stored.get(id));
      if (!before) {
        findings.push(`Entry ${row.seq} names the account ${id}, which does not exist.`);
        continue;
      }
      try {
        replayed.set(id, post(before, entry));
      } catch (error) {
        findings.push(`Entry ${row.seq} cannot be right: ${(error as Error).message}.`);
      }
    }
    if (findings.length > 100) break;
  }
  for (const [id, account] of stored) compare(id, account, replayed.get(id), findings);
  const inDoubt = database.all("holds-in-doubt", { limit: 1_000_000 });
  compareDoubt(stored, inDoubt, findings);
  const auditRows = verifyAudit(database, findings);
  const depth = database.one("outbox-depth", {})!;
  return {
    entries,
    accounts: stored.size,
    auditRows,
    outboxWaiting: Number(depth.waiting),
    outboxParked: Number(depth.parked),
    inDoubtHolds: inDoubt.length,
    findings,
  };
}

/** Accounts begin with nothing booked; their limit at the beginning is the one before its first change. */
function blankAccount(stored: Account | undefined): Account | undefined {
  if (!stored) return undefined;
  const budget = { id: stored.budgetId, hard: false, limitNano: stored.limitNano };
  // The replay is of balances: limits were enforced when the leases were given, against the limit of that time.
  return openAccount(budget as Parameters<typeof openAccount>[0], stored.window);
}

function compare(id: string, stored: Account, replayed: Account | undefined, findings: string[]): void {
  const booked = replayed ?? {
    limitNano: stored.limitNano,
    spentNano: 0n,
    creditedNano: 0n,
    inDoubtNano: 0n,
    leasedNano: 0n,
    inputTokens: 0n,
    outputTokens: 0n,
  };
  for (const balance of ["limitNano", "spentNano", "creditedNano", "inDoubtNano", "leasedNano"] as const) {
    if (booked[balance] !== stored[balance]) {
      findings.push(
        `Account ${id}: ${balance.slice(0, -4)} is ${formatUsd(stored[balance])} USD, its entries say ${formatUsd(booked[balance])}.`,
      );
    }
  }
  for (const count of ["inputTokens", "outputTokens"] as const) {
    if (booked[count] !== stored[count]) findings.push(`Account ${id}: ${count} is ${stored[count]}, its entries say ${booked[count]}.`);
  }
  const over = -availableNano(stored);
  if (stored.hard && over > stored.overrunNano) {
    findings.push(
      `Account ${id} is ${formatUsd(over)} USD over its limit, of which only ${formatUsd(stored.overrunNano)} is a recorded overrun.`,
    );
  }
}

function compareDoubt(stored: ReadonlyMap<string, Account>, holds: readonly SqlRow[], findings: string[]): void {
  const sums = new Map<string, bigint>();
  for (const hold of holds) {
    for (const id of splitAccounts(String(hold.accounts))) sums.set(id, (sums.get(id) ?? 0n) + (hold.held_nano as bigint));
  }
  for (const [id, account] of stored) {
    const sum = sums.get(id) ?? 0n;
    if (sum !== account.inDoubtNano)
      findings.push(`Account ${id}: ${formatUsd(account.inDoubtNano)} USD in doubt, its holds in doubt sum to ${formatUsd(sum)}.`);
  }
}

function verifyAudit(database: LedgerDatabase, findings: string[]): number {
  let hash: Uint8Array = CHAIN_START;
  let rows = 0;
  for (const row of database.each("all-audit")) {
    rows += 1;
    const change = {
      actor: String(row.actor),
      action: String(row.action),
      target: String(row.target),
      reason: String(row.reason),
      before: row.before === null ? null : String(row.before),
      after: row.after === null ? null : String(row.after),
    };
    const expected = auditHash(hash, Number(row.seq), Number(row.at), change);
    if (!expected.equals(row.hash as Uint8Array))
      findings.push(`Audit row ${row.seq} does not match its hash: it, or one before it, was changed.`);
    hash = row.hash as Uint8Array;
  }
  return rows;
}

function entryOfRow(row: SqlRow): Entry {
  return {
    at: Number(row.at),
    kind: String(row.kind) as Entry["kind"],
    ref: String(row.ref),
    epoch: Number(row.epoch),
    tenant: String(row.tenant),
    accounts: splitAccounts(String(row.accounts)),
    amountNano: row.amount_nano as bigint,
    heldNano: row.held_nano as bigint,
    inputTokens: Number(row.input_tokens),
    outputTokens: Number(row.output_tokens),
    once: row.once === null ? null : String(row.once),
  };
}
