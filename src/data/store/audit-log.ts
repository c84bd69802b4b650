import type { Instant } from "../../core/time/window.ts";
import type { AuditedChange } from "../../ports/ledger-store.ts";
import { auditHash, CHAIN_START } from "./chained-rows.ts";
import type { LedgerDatabase } from "./ledger-database.ts";

/** Appends to the hash-chained audit log, inside the transaction of the change it tells of. */
export class AuditLog {
  readonly #database: LedgerDatabase;
  #seq = 0;
  #hash: Uint8Array = CHAIN_START;

  constructor(database: LedgerDatabase) {
    this.#database = database;
    this.reload();
  }

  reload(): void {
    const last = this.#database.one("last-audit", {});
    this.#seq = last ? Number(last.seq) : 0;
    this.#hash = last ? (last.hash as Uint8Array) : CHAIN_START;
  }

  append(change: AuditedChange, at: Instant): void {
    const seq = this.#seq + 1;
    const hash = auditHash(this.#hash, seq, at, change);
    this.#database.runPositional(
      "append-audit",
      seq,
      at,
      change.actor,
      change.action,
      change.target,
      change.reason,
      change.before,
      change.after,
      hash,
    );
    this.#seq = seq;
    this.#hash = hash;
  }
}
