import type { LedgerStore } from "../ports/ledger-store.ts";

/**
 * Tells what the ledger wants told: thresholds crossed, overruns, calls that cost more than their hold. Today's only channel is the log.
 * An alert leaves the outbox after it was told.
 */
export async function sendDueAlerts(store: LedgerStore, log: { warn(facts: object, words: string): void }): Promise<number> {
  const rows = await store.readOutbox("alert", 100);
  for (const row of rows) {
    const alert = JSON.parse(row.payload) as { type: string };
    log.warn({ alert }, `alert: ${alert.type.replaceAll("_", " ")}`);
  }
  if (rows.length > 0) await store.ackOutbox(rows.map((row) => row.seq));
  return rows.length;
}
