import { formatUsd } from "../core/money/usd.ts";
import type { Ending, StoredAnswer } from "../ports/ledger-store.ts";
import { type CallRecord, type CallResult, traceOf } from "./call-record.ts";
import type { Gateway } from "./handle-call.ts";
import type { IdempotentCall } from "./idempotent-call.ts";
import type { Verdict } from "./judge-call.ts";
import type { CallPlan } from "./plan-call.ts";

/**
 * Writes the call's ending, for as long as it takes; its hold counts until then.
 * @returns whether it will survive this process
 */
export async function book(
  gateway: Gateway,
  record: CallRecord,
  plan: CallPlan,
  verdict: Verdict,
  result: CallResult,
  idempotency: Ending["idempotency"],
): Promise<boolean> {
  const latencyMs = gateway.steadyNow() - record.startedAt;
  const ending: Ending = {
    kind: verdict.ending,
    holdId: plan.hold.holdId,
    accounts: plan.hold.accounts,
    heldNano: plan.hold.amountNano,
    amountNano: verdict.amountNano ?? 0n,
    inputTokens: verdict.usage?.inputTokens ?? 0,
    outputTokens: verdict.usage?.outputTokens ?? 0,
    at: record.at,
    tenant: record.caller!.scope.tenant,
    trace: JSON.stringify(traceOf(record, result, latencyMs)),
    idempotency,
    // What has no price costs nothing yet, so of the two at most one has something to tell.
    alert: gateway.runaway.ended(record, verdict.amountNano ?? 0n, gateway.now()),
    ...unpricedNotes(gateway, record, plan, verdict),
  };
  gateway.observe(record, result, latencyMs);
  if (ending.amountNano > ending.heldNano) {
    gateway.log.error(
      { trace_id: record.traceId, held: formatUsd(ending.heldNano), cost: formatUsd(ending.amountNano) },
      "a call cost more than its hold",
    );
  }
  return await gateway.desk.end(ending);
}

/** Why a hold is in doubt, where the answer says it; a count that nobody reads is told to somebody who can look it up. */
function unpricedNotes(
  { unknownUnits, now }: Gateway,
  record: CallRecord,
  plan: CallPlan,
  { unpriced }: Verdict,
): Pick<Ending, "doubt" | "alert"> {
  if (!unpriced) return {};
  const { reason, detail = "" } = unpriced;
  const doubt = `unpriced: ${reason}${detail && ` ${detail}`}`;
  if (reason !== "unknown_usage_unit" || !unknownUnits.isNews(record.provider, detail, now())) return { doubt };
  const { holdId, amountNano } = plan.hold;
  const told = { provider: record.provider, model: record.model, unit: detail, hold: holdId, held_usd: formatUsd(amountNano), at: now() };
  return { doubt, alert: JSON.stringify({ type: reason, ...told }) };
}

/** Something of ours broke after the money was held: what was sent may have been billed. Ending a hold twice changes nothing. */
export async function bookUnexpected(
  gateway: Gateway,
  record: CallRecord,
  plan: CallPlan,
  claimed: IdempotentCall | undefined,
): Promise<void> {
  const verdict: Verdict = {
    ending: "doubt",
    outcome: "provider_error",
    basis: "in_doubt",
    amountNano: null,
    usage: undefined,
    cost: undefined,
    problem: "internal",
  };
  await book(gateway, record, plan, verdict, resultOf(verdict, 500, undefined, ""), claimed && keepOf(claimed, verdict, undefined));
}

export function resultOf(
  verdict: Pick<Verdict, "outcome" | "basis" | "amountNano" | "usage" | "cost" | "unpriced" | "told"> & { problem?: Verdict["problem"] },
  status: number,
  responseId: string | undefined,
  serviceTier: string,
): CallResult {
  const { outcome, basis, usage, cost, unpriced, told } = verdict;
  const identity = { responseId: responseId ?? "", serviceTier, ttftMs: null };
  return {
    ...identity,
    outcome,
    basis,
    status,
    errorCode: verdict.problem ?? "",
    bookedNano: verdict.amountNano,
    cost,
    usage,
    unpriced,
    told,
  };
}

export function keepOf(claimed: IdempotentCall, verdict: Verdict, answer: StoredAnswer | undefined): Ending["idempotency"] {
  if (verdict.ending === "release") return undefined;
  return { keyId: claimed.keyId, key: claimed.key, answer: answer ?? claimed.withoutAnswer(verdict.ending === "doubt") };
}
