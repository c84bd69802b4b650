import { writeFileSync } from "node:fs";
import type { Instant, Period } from "../../core/time/window.ts";
import type {
  AuditedChange,
  AuditRow,
  FactTopic,
  IdempotencyClaim,
  IdempotencyState,
  OutboxRow,
  StoredAnswer,
  VirtualKey,
} from "../../ports/ledger-store.ts";
import type { AuditLog } from "./audit-log.ts";
import type { BalanceSheet } from "./balance-sheet.ts";
import type { LedgerDatabase, SqlRow } from "./ledger-database.ts";
import { keyOfRow, rowOfKey } from "./row-shapes.ts";

/** What the store keeps besides money: keys, idempotency, the outbox, the audit log. */
export class RecordOperations {
  readonly #database: LedgerDatabase;
  readonly #audit: AuditLog;
  readonly #sheet: BalanceSheet;

  constructor(database: LedgerDatabase, audit: AuditLog, sheet: BalanceSheet) {
    this.#database = database;
    this.#audit = audit;
    this.#sheet = sheet;
  }

  keys(): VirtualKey[] {
    return this.#database.all("all-keys").map(keyOfRow);
  }

  putKey(key: VirtualKey, change: AuditedChange, at: Instant): VirtualKey {
    this.#database.run("put-key", { ...rowOfKey(key), version: this.#sheet.changed() });
    this.#audit.append(change, at);
    return key;
  }

  claimIdempotency(claim: IdempotencyClaim): IdempotencyState {
    const { keyId, key, fingerprint, at, expiresAt } = claim;
    const row = this.#database.one("idempotency-row", { keyId, key });
    if (!row || Number(row.expires_at) <= at) {
      this.#database.run("expire-idempotency", { at });
      this.#database.run("claim-idempotency", { keyId, key, fingerprint, epoch: this.#sheet.epoch, expiresAt });
      return { state: "claimed" };
    }
    if (String(row.fingerprint) !== fingerprint) return { state: "conflict" };
    if (row.status === null) return { state: this.#isAlive(Number(row.epoch)) ? "running" : "in_doubt" };
    return { state: "answered", answer: answerOfRow(row) };
  }

  answerOf(request: { keyId: string; fingerprint: string; at: Instant }): StoredAnswer | undefined {
    const row = this.#database.one("answer-by-fingerprint", request);
    return row && answerOfRow(row);
  }

  #isAlive(epoch: number): boolean {
    if (epoch === this.#sheet.epoch) return true;
    const status = this.#database.one("process-status", { epoch });
    return status !== undefined && status.expired_at === null && status.ended_at === null;
  }

  dropIdempotency(keyId: string, key: string): void {
    this.#database.run("drop-idempotency", { keyId, key });
  }

  keepFacts(facts: readonly string[], topic: FactTopic): void {
    for (const fact of facts) this.#database.runPositional("append-outbox", topic, fact);
  }

  readOutbox(topic: string, limit: number): OutboxRow[] {
    return this.#database.all("read-outbox", { topic, limit }).map((row) => ({ seq: Number(row.seq), payload: String(row.payload) }));
  }

  spoolOutbox(topic: string, limit: number, path: string): number[] {
    const rows = this.#database.all("read-outbox", { topic, limit });
    if (rows.length > 0) writeFileSync(path, rows.map((row) => row.payload).join("\n"), { mode: 0o600 });
    return rows.map((row) => Number(row.seq));
  }

  ackOutbox(seqs: readonly number[]): void {
    this.#database.run("ack-outbox", { seqs: JSON.stringify(seqs) });
  }

  parkOutbox(rows: readonly { seq: number; reason: string }[]): void {
    for (const { seq, reason } of rows) this.#database.run("park-outbox", { seq, reason });
  }

  outboxDepth(): { waiting: number; parked: number } {
    const row = this.#database.one("outbox-depth", {})!;
    return { waiting: Number(row.waiting), parked: Number(row.parked) };
  }

  audit(limit: number): AuditRow[] {
    return this.#database.all("audit", { limit }).map((row) => ({
      seq: Number(row.seq),
      at: Number(row.at),
      actor: String(row.actor),
      action: String(row.action),
      target: String(row.target),
      reason: String(row.reason),
      before: row.before === null ? null : String(row.before),
      after: row.after === null ? null : String(row.after),
    }));
  }

  appendAudit(change: AuditedChange, at: Instant): void {
    this.#audit.append(change, at);
  }

  crossings(accounts: readonly string[]): { account: string; percent: number; at: Instant }[] {
    return accounts.flatMap((accountId) =>
      this.#database
        .all("crossings", { accountId })
        .map((row) => ({ account: String(row.account_id), percent: Number(row.percent), at: Number(row.at) })),
    );
  }

  bookedPerTenant(period: Period): { tenant: string; bookedNano: bigint; traces: number }[] {
    return this.#database
      .all("booked-per-tenant", { from: period.start, to: period.end })
      .map((row) => ({ tenant: String(row.tenant), bookedNano: row.booked_nano as bigint, traces: Number(row.traces) }));
  }
}

function answerOfRow(row: SqlRow): StoredAnswer {
  return { status: Number(row.status), headers: JSON.parse(String(row.headers)), body: row.body as Uint8Array };
}
