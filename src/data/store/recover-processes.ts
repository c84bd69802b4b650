import type { RequestTrace } from "../../contract/request-trace.ts";
import { formatUsd } from "../../core/money/usd.ts";
import type { Instant } from "../../core/time/window.ts";
import type { Recovery } from "../../ports/ledger-store.ts";
import type { BalanceSheet } from "./balance-sheet.ts";
import { joinAccounts } from "./chained-rows.ts";
import { deleteJournal, readJournal } from "./hold-journal.ts";
import type { StoreDatabase } from "./store-database.ts";

/**
 * Puts right what dead processes left behind: holds without an ending become in doubt, the rest of their leases is given back.
 * All in the caller's transaction; the journals are deleted only after its commit.
 * @param bootId of the running machine; a process of an earlier boot may have lost the end of its journal with the machine
 */
export function recoverProcesses(database: StoreDatabase, sheet: BalanceSheet, folder: string, bootId: string, now: Instant) {
  let holdsInDoubt = 0;
  let inDoubtNano = 0n;
  let givenBackNano = 0n;
  let journalDamaged = false;
  const dead = database.all("dead-processes", { epoch: sheet.epoch });
  for (const row of dead) {
    const epoch = Number(row.epoch);
    const journal = readJournal(folder, epoch);
    const trusted = journal.whole && String(row.boot_id) === bootId;
    const doubt = (holdId: string, tenant: string, accounts: readonly string[], heldNano: bigint, at: Instant, reason: string) => {
      const tokens = { inputTokens: 0, outputTokens: 0 };
      const entry = {
        at,
        kind: "doubt",
        ref: holdId,
        epoch: sheet.epoch,
        tenant,
        accounts,
        amountNano: 0n,
        heldNano,
        once: `end:${holdId}`,
      } as const;
      if (!sheet.append({ ...entry, ...tokens }, epoch)) return;
      const trace = traceOfLostCall(holdId, tenant, heldNano, at);
      database.run("put-hold-in-doubt", { holdId, tenant, accounts: joinAccounts(accounts), heldNano, since: at, reason, trace });
      database.runPositional("append-outbox", "request_trace", trace);
      holdsInDoubt += 1;
      inDoubtNano += heldNano;
    };
    for (const hold of journal.holds) {
      if (database.one("entry-exists", { once: `end:${hold.holdId}` })) continue;
      doubt(hold.holdId, hold.tenant, hold.accounts, hold.amountNano, hold.at, "the gateway process died during this call");
    }
    sheet.flush();
    for (const lease of database.all("process-leases", { epoch })) {
      const account = String(lease.account_id);
      const restNano = lease.granted_nano as bigint;
      if (trusted) {
        const entry = { at: now, kind: "give_back", ref: `process:${epoch}`, epoch: sheet.epoch, tenant: "", once: null } as const;
        sheet.append({ ...entry, accounts: [account], amountNano: restNano, heldNano: 0n, inputTokens: 0, outputTokens: 0 }, epoch);
        givenBackNano += restNano;
      } else {
        doubt(
          `lease:${epoch}:${account}`,
          "",
          [account],
          restNano,
          now,
          "the machine went down, or the journal is damaged: calls may be missing from it",
        );
        journalDamaged = true;
      }
    }
    sheet.flush();
    database.run("delete-leases", { epoch });
    database.run("end-process", { epoch, endedAt: now });
  }
  const recovery: Recovery = { deadProcesses: dead.length, holdsInDoubt, inDoubtNano, givenBackNano, journalDamaged };
  const deleteJournals = () => {
    for (const row of dead) deleteJournal(folder, Number(row.epoch));
  };
  return { recovery, deleteJournals };
}

/** What is known of a call whose process died: enough to count it, and to correct it when it is resolved. */
function traceOfLostCall(holdId: string, tenant: string, heldNano: bigint, at: Instant): string {
  const call: Partial<RequestTrace> = {
    trace_id: holdId,
    ts: new Date(at).toISOString(),
    tenant,
    outcome: "provider_error",
    cost_basis: "in_doubt",
    unit_cost_usd: null,
    held_usd: formatUsd(heldNano),
    error_code: "gateway_died",
  };
  return JSON.stringify(call);
}
