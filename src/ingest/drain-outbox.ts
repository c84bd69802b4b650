import type { LedgerStore } from "../ports/ledger-store.ts";
import type { Warehouse } from "../ports/warehouse.ts";

export const TRACE_BATCH = 2000;

/**
 * Carries one batch of traces from the outbox into the warehouse. They leave the outbox only after the warehouse has them, so a crash in between
 * brings them again, and the warehouse counts each once. Rows it can never take are set aside with the reason.
 * @returns how many rows were carried; a full batch means that more may wait
 */
export async function drainOutbox(store: LedgerStore, warehouse: Warehouse): Promise<number> {
  const rows = await store.readOutbox("request_trace", TRACE_BATCH);
  if (rows.length === 0) return 0;
  const { rejected } = await warehouse.insertTraces(rows.map((row) => row.payload));
  const parked = new Map(rejected.map(({ index, reason }) => [rows[index]!.seq, reason]));
  if (parked.size > 0) await store.parkOutbox([...parked].map(([seq, reason]) => ({ seq, reason })));
  await store.ackOutbox(rows.filter((row) => !parked.has(row.seq)).map((row) => row.seq));
  return rows.length;
}
