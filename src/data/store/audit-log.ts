import type { Instant } from "../../core/time/window.ts";
import type { AuditedChange } from "../../ports/ledger-store.ts";
import { auditHash, CHAIN_START } from "./chained-rows.ts";
import type { LedgerDatabase, SqlRow } from "./ledger-database.ts";

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
    this.catchUp(this.#database.one("ledger-head", { epoch: 0 })!);
  }

  /** What others appended since the last transaction. */
  catchUp(head: SqlRow): void {
    this.#seq = Number(head.audit_seq ?? 0);
    this.#hash = head.audit_hash === null ? CHAIN_START : (head.audit_hash as Uint8Array);
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
