import { hash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { Problem } from "../contract/problem.ts";
import type { LedgerStore, StoredAnswer } from "../ports/ledger-store.ts";
import type { Caller } from "./authenticate-call.ts";
import type { CallSettings } from "./call-settings.ts";
import type { Dialect } from "./dialects/dialect.ts";

export interface IdempotentCall {
  readonly state: "claimed";
  readonly keyId: string;
  readonly key: string;
  /** What a repeat is told when there is no answer to give again. */
  withoutAnswer(inDoubt: boolean): StoredAnswer;
}

/**
 * Claims the call's Idempotency-Key, on disk, before anything is sent; so a repeat is never billed, not even after a crash.
 * @returns undefined when the caller sent none
 * @throws Problem invalid_request, idempotency_key_reused, idempotency_in_progress, idempotency_in_doubt
 */
export async function claimCall(
  gateway: { readonly store: LedgerStore; readonly settings: CallSettings },
  request: IncomingMessage,
  caller: Caller,
  dialect: Dialect,
  bytes: Buffer,
  at: number,
): Promise<IdempotentCall | { readonly state: "answered"; readonly answer: StoredAnswer } | undefined> {
  const key = request.headers["idempotency-key"];
  if (key === undefined) return undefined;
  if (typeof key !== "string" || key === "" || key.length > 255) throw new Problem("invalid_request", { field: "idempotency-key" });
  const keyId = answerOwner(caller);
  const fingerprint = requestFingerprint(dialect, bytes);
  const expiresAt = at + gateway.settings.idempotencyTtlMs;
  const state = await gateway.store.claimIdempotency({ keyId, key, fingerprint, at, expiresAt });
  switch (state.state) {
    case "claimed":
      return { state: "claimed", keyId, key, withoutAnswer: (inDoubt) => withoutAnswer(dialect, inDoubt) };
    case "answered":
      return state;
    case "conflict":
      throw new Problem("idempotency_key_reused", { field: "idempotency-key" });
    case "running":
      throw new Problem("idempotency_in_progress", { retry_after_s: 1 });
    case "in_doubt":
      throw new Problem("idempotency_in_doubt");
    default:
      return state satisfies never;
  }
}

/** Whose stored answers a call may get: those of its own key and tenant. */
export function answerOwner({ key, scope }: Caller): string {
  return `${key.id}/${scope.tenant}`;
}

/** The same for the same bytes to the same address, and for nothing else. */
export function requestFingerprint(dialect: Dialect, bytes: Buffer): string {
  return hash("sha256", Buffer.concat([Buffer.from(`${dialect.path}\n`), bytes]), "hex");
}

function withoutAnswer(dialect: Dialect, inDoubt: boolean): StoredAnswer {
  const problem = new Problem(inDoubt ? "idempotency_in_doubt" : "idempotency_answer_not_kept");
  const headers = { "content-type": "application/json", "x-should-retry": "false" };
  return { status: problem.status, headers, body: Buffer.from(dialect.errorBody(problem, {})) };
}
