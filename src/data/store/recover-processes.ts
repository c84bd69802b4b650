import type { RequestTrace } from "../../contract/request-trace.ts";
import { formatUsd, type Nano } from "../../core/money/usd.ts";
import type { Scope } from "../../core/scope/scope.ts";
import type { Instant } from "../../core/time/window.ts";
import type { Ending, Recovery } from "../../ports/ledger-store.ts";
import type { BalanceSheet } from "./balance-sheet.ts";
import { type JournalledHold, type JournalReading, journalEpochs, readJournal } from "./call-journal.ts";
import { splitAccounts } from "./chained-rows.ts";
import type { LedgerDatabase } from "./ledger-database.ts";
import type { LedgerOperations } from "./ledger-operations.ts";
import { lostLeaseId } from "./lost-lease.ts";

/**
 * Puts right what a process left behind: endings that only its journal knows are booked, holds without an ending become in doubt under
 * their own names, the rest of its leases is given back. When it was taken for dead before, the sum in doubt is its lease again first.
 * A journal that is not trusted frees nothing, and puts no hold in doubt under its own name: whoever resolves that would free the rest of it.
 * All in the caller's transaction; the journal is deleted only after its commit.
 * @param bootId of the running machine; a process of an earlier boot may have lost the end of its journal with the machine
 */
export function recoverProcess(parts: RecoveryParts, epoch: number, itsBootId: string, sum: RecoverySum): void {
  const { database, sheet, ledger, folder, bootId, now } = parts;
  const journal = readJournal(folder, epoch);
  const trusted = journal.whole && itsBootId === bootId;
  reclaimLeases(parts, epoch);
  for (const hold of journal.holds) {
    const ending = journal.endings.get(hold.holdId);
    if (ending) {
      if (ledger.end({ ...endedHold(hold), ...ending }, { leaseHolder: epoch }).applied) sum.endingsBooked += 1;
      // Which holds had ended, and lent their rest to calls whose records are lost too, only a trusted journal tells: else all stay in the sum.
    } else if (trusted && ledger.end(inDoubt(hold), { leaseHolder: epoch, reason: "the gateway process died during this call" }).applied) {
      sum.holdsInDoubt += 1;
      sum.inDoubtNano += hold.amountNano;
    }
  }
  sum.endingsBooked += endFormerHolds(ledger, journal);
  sheet.flush();
  for (const lease of database.all("process-leases", { epoch })) {
    const account = String(lease.account_id);
    const restNano = lease.granted_nano as bigint;
    if (trusted) {
      const entry = { at: now, kind: "give_back", ref: `process:${epoch}`, epoch: sheet.epoch, tenant: "", once: null } as const;
      sheet.append({ ...entry, accounts: [account], amountNano: restNano, heldNano: 0n, inputTokens: 0, outputTokens: 0 }, epoch);
      sum.givenBackNano += restNano;
    } else {
      putLeaseInDoubt(parts, epoch, account, restNano, "the machine went down, or the journal is damaged: calls may be missing from it");
      sum.holdsInDoubt += 1;
      sum.inDoubtNano += restNano;
      sum.journalDamaged = true;
    }
  }
  sheet.flush();
  database.run("delete-leases", { epoch });
  database.run("end-process", { epoch, endedAt: now });
}

/**
 * The processes that kept their journal in this folder and are gone. Their number may be closed already: then only the endings that
 * came after it are left to tell.
 */
export function recoverProcesses(parts: RecoveryParts, place: string): Recovery {
  const sum: RecoverySum = emptyRecovery();
  const dead = parts.database.all("dead-processes", { epoch: parts.sheet.epoch, place });
  for (const row of dead) recoverProcess(parts, Number(row.epoch), String(row.boot_id), sum);
  const known = new Set(dead.map((row) => Number(row.epoch)));
  for (const epoch of journalEpochs(parts.folder)) {
    if (!known.has(epoch)) sum.endingsBooked += endFormerHolds(parts.ledger, readJournal(parts.folder, epoch), "all");
  }
  return { deadProcesses: dead.length, ...sum };
}

/** A process that was taken for dead: what it leased counts as spent from now on, until somebody knows better. */
export function expireProcess(parts: Omit<RecoveryParts, "folder" | "bootId">, epoch: number, name: string): Nano {
  const { database, sheet } = parts;
  sheet.flush();
  let inDoubtNano = 0n;
  for (const lease of database.all("process-leases", { epoch })) {
    const restNano = lease.granted_nano as bigint;
    putLeaseInDoubt(
      parts,
      epoch,
      String(lease.account_id),
      restNano,
      `the process ${name} was not heard of, and may have spent what it had leased`,
    );
    inDoubtNano = restNano > inDoubtNano ? restNano : inDoubtNano;
  }
  sheet.flush();
  database.run("delete-leases", { epoch });
  database.run("expire-process", { epoch });
  return inDoubtNano;
}

/**
 * This process was taken for dead, and goes on: its journal tells what became of its leases. A number that was closed meanwhile was
 * explained by an operator, and stays as they said; only holds that are in doubt under their own names are still ended by it.
 */
export function recoverOwnProcess(parts: RecoveryParts): Recovery {
  const sum = emptyRecovery();
  const { epoch } = parts.sheet;
  const status = parts.database.one("process-status", { epoch });
  if (status?.ended_at === null) recoverProcess(parts, epoch, parts.bootId, sum);
  else sum.endingsBooked += endFormerHolds(parts.ledger, readJournal(parts.folder, epoch), "all");
  return { deadProcesses: 0, ...sum };
}

export interface RecoveryParts {
  readonly database: LedgerDatabase;
  readonly sheet: BalanceSheet;
  readonly ledger: LedgerOperations;
  readonly folder: string;
  readonly bootId: string;
  readonly now: Instant;
}

type RecoverySum = { -readonly [Key in keyof Omit<Recovery, "deadProcesses">]: Recovery[Key] };

function emptyRecovery(): RecoverySum {
  return { holdsInDoubt: 0, inDoubtNano: 0n, endingsBooked: 0, givenBackNano: 0n, journalDamaged: false };
}

/** Endings of holds that the journal does not have: they were made under an earlier number, and are in doubt since that was recovered. */
function endFormerHolds(ledger: LedgerOperations, journal: JournalReading, which: "without_hold" | "all" = "without_hold"): number {
  const own = new Set(which === "all" ? [] : journal.holds.map(({ holdId }) => holdId));
  const former = [...journal.endings.values()].filter(({ holdId }) => !own.has(holdId));
  return former.filter((ending) => ledger.endLate(ending).applied).length;
}

function reclaimLeases({ database, sheet, now }: RecoveryParts, epoch: number): void {
  for (const row of database.all("leases-in-doubt", { pattern: lostLeaseId(epoch, "%") })) {
    const accounts = splitAccounts(String(row.accounts));
    const ref = String(row.hold_id);
    const entry = { at: now, kind: "reclaim", ref, epoch: sheet.epoch, tenant: "", accounts, once: null, amountNano: 0n } as const;
    sheet.append({ ...entry, heldNano: row.held_nano as bigint, inputTokens: 0, outputTokens: 0 }, epoch);
    database.run("delete-hold-in-doubt", { holdId: ref });
  }
}

function putLeaseInDoubt(
  { database, sheet, now }: Omit<RecoveryParts, "folder" | "bootId">,
  epoch: number,
  account: string,
  heldNano: Nano,
  reason: string,
): void {
  const ref = lostLeaseId(epoch, account);
  const entry = { at: now, kind: "doubt", ref, epoch: sheet.epoch, tenant: "", accounts: [account], once: null } as const;
  sheet.append({ ...entry, amountNano: 0n, heldNano, inputTokens: 0, outputTokens: 0 }, epoch);
  database.run("put-hold-in-doubt", { holdId: ref, tenant: "", accounts: account, heldNano, since: now, reason, trace: null });
}

type LostHold = Pick<JournalledHold, "holdId" | "at" | "amountNano" | "scope" | "accounts">;

function endedHold({ holdId, at, amountNano, scope, accounts }: LostHold) {
  return { holdId, at, tenant: scope.tenant, accounts, heldNano: amountNano };
}

function inDoubt(lost: LostHold): Ending {
  const tokens = { inputTokens: 0, outputTokens: 0 };
  return { ...endedHold(lost), ...tokens, kind: "doubt", amountNano: 0n, trace: traceOfLostCall(lost, lost.scope, lost.amountNano) };
}

/** What is known of a call whose process died: enough to count it, and to correct it when it is resolved. */
function traceOfLostCall({ holdId, at }: LostHold, scope: Scope, heldNano: Nano): string {
  const call: Partial<RequestTrace> = {
    trace_id: holdId,
    ts: new Date(at).toISOString(),
    tenant: scope.tenant,
    environment: scope.environment ?? "",
    feature: scope.feature ?? "",
    service: scope.service ?? "",
    team: scope.team ?? "",
    use_case_id: scope.use_case ?? "",
    run_id: scope.run ?? "",
    api_key_id: scope.api_key ?? "",
    provider: scope.provider ?? "",
    model_id: scope.model ?? "",
    outcome: "provider_error",
    cost_basis: "in_doubt",
    unit_cost_usd: null,
    held_usd: formatUsd(heldNano),
    error_code: "gateway_died",
  };
  return JSON.stringify(call);
}
