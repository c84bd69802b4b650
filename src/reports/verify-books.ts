import type { VerifyAnswer } from "../contract/books-contract.ts";
import type { RequestTrace } from "../contract/request-trace.ts";
import type { Account, Budget } from "../core/ledger/budget.ts";
import { formatUsd, type Nano, parseDecimal } from "../core/money/usd.ts";
import type { Instant } from "../core/time/window.ts";
import type { LedgerStore, StoreFindings } from "../ports/ledger-store.ts";
import type { Warehouse } from "../ports/warehouse.ts";

export interface Books {
  readonly store: Pick<LedgerStore, "verify" | "bookedPerTenant" | "readOutbox" | "accounts" | "budgets">;
  readonly warehouse: Warehouse | undefined;
  /** What the API shows. */
  readonly budgets: { all(): readonly Budget[] };
  readonly desk: { status(budgetIds: readonly string[], at: Instant): Promise<readonly Account[]> };
  readonly now: () => Instant;
}

const DAY_MS = 86_400_000;
/** More waiting rows than this are not added up; the comparison then waits for the outbox to drain. */
const MOST_WAITING_ROWS = 50_000;

/**
 * Checks a running system: every balance against the entries, the API's numbers against the store, the ledger against the warehouse.
 * Nothing is stopped for it, so each comparison is an inequality that holds while calls go on: see the comments.
 */
export async function verifyBooks(books: Books): Promise<VerifyAnswer> {
  const stored = await books.store.verify();
  const findings = [...stored.findings];
  if (stored.outboxParked > 0) findings.push(`${stored.outboxParked} rows of the outbox are parked: they could not be delivered.`);
  findings.push(...(await compareApi(books)));
  const compared = await compareWarehouse(books);
  findings.push(...compared.findings);
  return answerOf(stored, findings, compared.warehouse);
}

function answerOf(stored: StoreFindings, findings: readonly string[], warehouse: VerifyAnswer["warehouse"]): VerifyAnswer {
  return {
    ok: findings.length === 0,
    findings: [...findings],
    entries: stored.entries,
    accounts: stored.accounts,
    audit_rows: stored.auditRows,
    outbox: { waiting: stored.outboxWaiting, parked: stored.outboxParked },
    in_doubt_holds: stored.inDoubtHolds,
    warehouse,
  };
}

/** The API answers from memory: its limits must be the store's, its booked amounts between two readings of the store. */
async function compareApi({ store, budgets, desk, now }: Books): Promise<string[]> {
  const findings: string[] = [];
  const at = now();
  const stored = await store.budgets();
  const shown = new Map(budgets.all().map((budget) => [budget.id, budget]));
  for (const { id, limitNano } of stored) {
    const known = shown.get(id);
    if (!known) findings.push(`The budget ${id} is stored but not enforced by this process.`);
    else if (known.limitNano !== limitNano) {
      findings.push(`The budget ${id} is enforced at ${formatUsd(known.limitNano)} USD but stored at ${formatUsd(limitNano)}.`);
    }
  }
  const ids = [...shown.keys()];
  const before = byId(await store.accounts(ids, at));
  const between = await desk.status(ids, at);
  const after = byId(await store.accounts(ids, at));
  for (const account of between) {
    const least = before.get(account.id)?.spentNano ?? 0n;
    const most = after.get(account.id)?.spentNano ?? 0n;
    if (account.spentNano < least || account.spentNano > most) {
      findings.push(`The API shows ${formatUsd(account.spentNano)} USD spent on ${account.id}; the ledger has ${formatUsd(most)}.`);
    }
  }
  return findings;
}

function byId(accounts: readonly Account[]): Map<string, Account> {
  return new Map(accounts.map((account) => [account.id, account]));
}

/**
 * A booking enters ledger and outbox in one transaction and moves from there to the warehouse. So while calls go on,
 * the warehouse never has more than the ledger read after it, and the ledger never has more than the waiting rows
 * and the warehouse read after it.
 */
async function compareWarehouse({ store, warehouse, now }: Books) {
  const missing = { checked: false, traces: 0, booked_usd: null };
  if (!warehouse) return { findings: [], warehouse: missing };
  const findings: string[] = [];
  const period = { start: 0, end: now() + DAY_MS };
  const early = totals(await warehouse.bookedPerTenant(new Date(period.start), new Date(period.end)));
  const ledger = totals(await store.bookedPerTenant(period));
  const waiting = await waitingPerTenant(store);
  const rows = await warehouse.bookedPerTenant(new Date(period.start), new Date(period.end));
  const late = totals(rows);
  for (const tenant of new Set([...ledger.keys(), ...early.keys()])) {
    const booked = ledger.get(tenant) ?? 0n;
    const least = early.get(tenant) ?? 0n;
    const most = (late.get(tenant) ?? 0n) + (waiting?.get(tenant) ?? 0n);
    if (least > booked) findings.push(difference(tenant, booked, least));
    else if (waiting && booked > most) findings.push(difference(tenant, booked, most));
  }
  const traces = rows.reduce((sum, row) => sum + row.traces, 0);
  const booked = rows.reduce((sum, row) => sum + row.bookedNano, 0n);
  return { findings, warehouse: { checked: waiting !== undefined, traces, booked_usd: formatUsd(booked) } };
}

function difference(tenant: string, ledger: Nano, warehouse: Nano): string {
  return `The ledger booked ${formatUsd(ledger)} USD for ${tenant}, the warehouse and the rows waiting for it have ${formatUsd(warehouse)}.`;
}

function totals(rows: readonly { tenant: string; bookedNano: Nano }[]): Map<string, Nano> {
  return new Map(rows.map((row) => [row.tenant, row.bookedNano]));
}

/** @returns undefined when more rows wait than are worth adding up */
async function waitingPerTenant(store: Books["store"]): Promise<Map<string, Nano> | undefined> {
  const rows = await store.readOutbox("request_trace", MOST_WAITING_ROWS);
  if (rows.length >= MOST_WAITING_ROWS) return undefined;
  const sums = new Map<string, Nano>();
  for (const row of rows) {
    const trace = JSON.parse(row.payload) as Pick<RequestTrace, "tenant" | "unit_cost_usd">;
    const nano = trace.unit_cost_usd === null ? 0n : (parseDecimal(trace.unit_cost_usd, 9, "up") ?? 0n);
    sums.set(trace.tenant, (sums.get(trace.tenant) ?? 0n) + nano);
  }
  return sums;
}
