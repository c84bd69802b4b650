import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { LedgerStore, OutboxRow } from "../ports/ledger-store.ts";
import type { Warehouse } from "../ports/warehouse.ts";
import { drainOutbox } from "./drain-outbox.ts";

/** An outbox in memory, with the store's promise: rows stay until they are acknowledged or parked. */
function outboxOf(topic: string, payloads: string[]) {
  const rows: OutboxRow[] = payloads.map((payload, index) => ({ seq: index + 1, payload }));
  const parked: { seq: number; reason: string }[] = [];
  const store = {
    spoolOutbox: async (asked: string, limit: number, path: string) => {
      const due = asked === topic ? rows.slice(0, limit) : [];
      writeFileSync(path, due.map((row) => row.payload).join("\n"));
      return due.map((row) => row.seq);
    },
    readOutbox: async (asked: string, limit: number) => (asked === topic ? rows.slice(0, limit) : []),
    ackOutbox: async (seqs: readonly number[]) => {
      for (const seq of seqs)
        rows.splice(
          rows.findIndex((row) => row.seq === seq),
          1,
        );
    },
    parkOutbox: async (given: readonly { seq: number; reason: string }[]) => {
      parked.push(...given);
      for (const { seq } of given)
        rows.splice(
          rows.findIndex((row) => row.seq === seq),
          1,
        );
    },
  } as unknown as LedgerStore;
  return { store, rows, parked };
}

const spool = join(mkdtempSync(join(tmpdir(), "ballast-spool-")), "outbox.spool");

describe("drainOutbox", () => {
  it("takes rows out of the outbox only after the warehouse has them", async () => {
    const { store, rows } = outboxOf("request_trace", ["a", "b"]);
    const failing = { insertTraceFile: () => Promise.reject(new Error("down")) } as unknown as Warehouse;
    await expect(drainOutbox(store, failing, spool)).rejects.toThrow("down");
    expect(rows).toHaveLength(2);
    const inserted: string[] = [];
    const working = {
      insertTraceFile: async (path: string) => {
        inserted.push(readFileSync(path, "utf8"));
        return true;
      },
    } as unknown as Warehouse;
    expect([await drainOutbox(store, working, spool), inserted, rows.length]).toEqual([2, ["a\nb"], 0]);
  });

  it("carries facts as it carries traces, from a topic of their own", async () => {
    const { store, rows } = outboxOf("fact_usage", ["f", "g"]);
    const inserted: string[] = [];
    const warehouse = {
      insertFactFile: async (path: string) => {
        inserted.push(readFileSync(path, "utf8"));
        return true;
      },
    } as unknown as Warehouse;
    expect([await drainOutbox(store, warehouse, spool), rows.length]).toEqual([0, 2]);
    expect([await drainOutbox(store, warehouse, spool, "fact_usage"), inserted, rows.length]).toEqual([2, ["f\ng"], 0]);
  });

  it("sets rows aside that the warehouse can never take, and carries the others", async () => {
    const { store, rows, parked } = outboxOf("request_trace", ["good", "bad", "good"]);
    const picky = {
      insertTraceFile: async () => false,
      insertTraces: async () => ({ accepted: 2, rejected: [{ index: 1, reason: "no trace_id" }] }),
    } as unknown as Warehouse;
    await drainOutbox(store, picky, spool);
    expect([parked, rows.length]).toEqual([[{ seq: 2, reason: "no trace_id" }], 0]);
  });
});
