import { hash } from "node:crypto";
import type { PostingKind } from "../../core/ledger/posting.ts";
import type { Nano } from "../../core/money/usd.ts";
import type { Instant } from "../../core/time/window.ts";
import type { AuditedChange } from "../../ports/ledger-store.ts";

/** One change of balances, on every account of `accounts` alike. */
export interface Entry {
  readonly at: Instant;
  readonly kind: PostingKind;
  /** Hold id, request id or budget id. */
  readonly ref: string;
  readonly epoch: number;
  readonly tenant: string;
  readonly accounts: readonly string[];
  readonly amountNano: Nano;
  readonly heldNano: Nano;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Set for what may happen once. */
  readonly once: string | null;
}

export const CHAIN_START = new Uint8Array(32);

/** Each row's hash covers the row and the hash before it: changing, dropping or moving a row breaks every hash after it. */
export function entryHash(before: Uint8Array, seq: number, entry: Entry, accounts: string): Buffer {
  return link(
    before,
    `${seq}\t${entry.at}\t${entry.kind}\t${entry.ref}\t${entry.epoch}\t${entry.tenant}\t${accounts}\t${entry.amountNano}\t${entry.heldNano}\t${entry.inputTokens}\t${entry.outputTokens}\t${entry.once ?? ""}`,
  );
}

export function auditHash(before: Uint8Array, seq: number, at: Instant, change: AuditedChange): Buffer {
  return link(before, JSON.stringify([seq, at, change.actor, change.action, change.target, change.reason, change.before, change.after]));
}

function link(before: Uint8Array, row: string): Buffer {
  return hash("sha256", Buffer.from(before).toString("latin1") + row, "buffer");
}

/** Account ids hold no line break. */
export function joinAccounts(accounts: readonly string[]): string {
  return accounts.length === 1 ? accounts[0]! : accounts.join("\n");
}

export function splitAccounts(text: string): string[] {
  return text === "" ? [] : text.split("\n");
}
