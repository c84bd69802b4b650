import type { RequestTrace } from "../../contract/request-trace.ts";
import { formatUsd, type Nano } from "../../core/money/usd.ts";
import type { Scope } from "../../core/scope/scope.ts";
import type { Instant } from "../../core/time/window.ts";
import type { Ending, Recovery } from "../../ports/ledger-store.ts";
import type { BalanceSheet } from "./balance-sheet.ts";
import { deleteJournal, type JournalledHold, readJournal } from "./call-journal.ts";
import type { LedgerDatabase } from "./ledger-database.ts";
import type { LedgerOperations } from "./ledger-operations.ts";

/**
 * Puts right what dead processes left behind: endings that only their journal knows are booked, holds without an ending become in
 * doubt, the rest of their leases is given back.
 * All in the caller's transaction; the journals are deleted only after its commit.
 * @param bootId of the running machine; a process of an earlier boot may have lost the end of its journal with the machine
 */
export function recoverProcesses(
  database: LedgerDatabase,
  sheet: BalanceSheet,
  ledger: LedgerOperations,
  folder: string,
  bootId: string,
  now: Instant,
) {
  const sum = { holdsInDoubt: 0, inDoubtNano: 0n, endingsBooked: 0, givenBackNano: 0n, journalDamaged: false };
  const dead = database.all("dead-processes", { epoch: sheet.epoch });
  for (const row of dead) {
    const epoch = Number(row.epoch);
    const journal = readJournal(folder, epoch);
    const trusted = journal.whole && String(row.boot_id) === bootId;
    const doubt = (lost: LostHold, reason: string) => {
      if (!ledger.end(inDoubt(lost), { leaseHolder: epoch, reason }).applied) return;
      sum.holdsInDoubt += 1;
      sum.inDoubtNano += lost.amountNano;
    };
    for (const hold of journal.holds) {
      const ending = journal.endings.get(hold.holdId);
      if (!ending) doubt(hold, "the gateway process died during this call");
      else if (ledger.end({ ...endedHold(hold), ...ending }, { leaseHolder: epoch }).applied) sum.endingsBooked += 1;
    }
    sheet.flush();
    for (const lease of database.all("process-leases", { epoch })) {
      const account = String(lease.account_id);
      const restNano = lease.granted_nano as bigint;
      if (trusted) {
        const entry = { at: now, kind: "give_back", ref: `process:${epoch}`, epoch: sheet.epoch, tenant: "", once: null } as const;
        sheet.append({ ...entry, accounts: [account], amountNano: restNano, heldNano: 0n, inputTokens: 0, outputTokens: 0 }, epoch);
        sum.givenBackNano += restNano;
      } else {
        const whole = { holdId: `lease:${epoch}:${account}`, at: now, amountNano: restNano, scope: { tenant: "" }, accounts: [account] };
        doubt(whole, "the machine went down, or the journal is damaged: calls may be missing from it");
        sum.journalDamaged = true;
      }
    }
    sheet.flush();
    database.run("delete-leases", { epoch });
    database.run("end-process", { epoch, endedAt: now });
  }
  const recovery: Recovery = { deadProcesses: dead.length, ...sum };
  const deleteJournals = () => {
    for (const row of dead) deleteJournal(folder, Number(row.epoch));
  };
  return { recovery, deleteJournals };
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
