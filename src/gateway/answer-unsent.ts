import type { ServerResponse } from "node:http";
import type { CallOutcome } from "../contract/request-trace.ts";
import { formatUsd, type Nano } from "../core/money/usd.ts";
import type { StoredAnswer } from "../ports/ledger-store.ts";
import { type CallRecord, type CallResult, traceOf } from "./call-record.ts";
import type { Gateway } from "./handle-call.ts";

/** An answer that no provider was asked for, and that costs nothing. */
export interface UnsentAnswer {
  readonly answer: StoredAnswer;
  readonly outcome: Extract<CallOutcome, "replayed" | "template">;
  /** Where it comes from, for x-ballast-cache. */
  readonly cache: "idempotent" | "exact" | "semantic" | "template";
  readonly headers: Readonly<Record<string, string>>;
  /** What the answer cost when a provider gave it, where that is known. */
  readonly avoidedNano?: Nano;
}

/** Gives the answer and records the call; it holds and books nothing. */
export async function answerUnsent(gateway: Gateway, record: CallRecord, response: ServerResponse, unsent: UnsentAnswer): Promise<void> {
  const { answer, outcome, cache, headers } = unsent;
  record.model = record.requestedModel;
  const nothing = { bookedNano: 0n, cost: undefined, usage: undefined, responseId: "", serviceTier: "", ttftMs: null };
  const result: CallResult = {
    ...nothing,
    outcome,
    basis: "none",
    status: answer.status,
    errorCode: "",
    cache: cache === "template" ? undefined : cache,
  };
  const latencyMs = gateway.steadyNow() - record.startedAt;
  gateway.observe(record, result, latencyMs);
  if (!response.destroyed) {
    const ours = { "x-ballast-trace-id": record.traceId, "x-ballast-cache": cache, "x-ballast-cost-usd": "0" };
    response.writeHead(answer.status, { ...answer.headers, ...ours, ...headers, "content-length": answer.body.length });
    response.end(answer.body);
  }
  const avoided = unsent.avoidedNano === undefined ? {} : { avoided_cost_usd: formatUsd(unsent.avoidedNano) };
  const found = outcome === "replayed" ? { cache_hit: true, cache_kind: cache, ...avoided } : {};
  const trace = JSON.stringify({ ...traceOf(record, result, latencyMs), ...found });
  const none = { accounts: [], heldNano: 0n, amountNano: 0n, inputTokens: 0, outputTokens: 0 };
  await gateway.desk.end({ ...none, kind: "none", holdId: record.traceId, at: record.at, tenant: record.caller!.scope.tenant, trace });
}
