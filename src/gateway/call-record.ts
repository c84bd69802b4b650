import type { CallOutcome, CostBasis, SentTrace } from "../contract/request-trace.ts";
import type { UsagePart } from "../contract/usage-fact.ts";
import { formatDecimal, formatUsd, type Nano } from "../core/money/usd.ts";
import type { UnpricedAnswer } from "../core/pricing/price-answer.ts";
import type { PricedCall } from "../core/pricing/price-call.ts";
import type { ModelSize } from "../core/routing/model-ladder.ts";
import type { Usage } from "../core/usage/usage.ts";
import { type AlsoTold, usageDetails } from "../core/usage/usage-details.ts";
import type { ReusePlace } from "./answer-reuse.ts";
import type { Caller } from "./authenticate-call.ts";
import type { CallParts } from "./call-parts.ts";
import type { Dialect } from "./dialects/dialect.ts";

/** What is known of a call so far; grows as it goes. */
export interface CallRecord {
  /** Also the id of the hold; a later attempt with a hold of its own gets an id of its own. */
  traceId: string;
  /** UTC milliseconds and steady milliseconds of its arrival. */
  readonly at: number;
  readonly startedAt: number;
  readonly dialect: Dialect;
  caller: Caller | undefined;
  requestedModel: string;
  provider: string;
  model: string;
  priceId: string;
  stream: boolean;
  heldNano: Nano;
  attempts: number;
  /** Steady milliseconds spent waiting for providers: the rest of the call's time is ours. */
  upstreamMs: number;
  /** Those that changed the call, each with its value: "small_model_share=50". */
  levers: string[];
  /** Whether its answer may be kept at all: none with personal data, and none whose caller says no-store. */
  mayKeep: boolean;
  /** Where its answer may be kept, to be given again. */
  reuse: ReusePlace | undefined;
  /** Whether levers and caches leave the call alone, so that savings are measured. */
  holdout: boolean;
  /** 0 to 1; null where nobody asked. */
  complexity: number | null;
  /** Of the model on its ladder; undefined for a model on none. */
  modelSize: ModelSize | undefined;
  /** What its caller says of it beside whose it is. */
  said: CallParts | undefined;
  /** What was done for it before it was made; empty once it stands in a trace, since a call with two traces did it once. */
  parts: readonly UsagePart[];
}

/** What a call came to. */
export interface CallResult {
  readonly outcome: CallOutcome;
  readonly basis: CostBasis;
  readonly status: number;
  readonly errorCode: string;
  /** null when the cost is not known. */
  readonly bookedNano: Nano | null;
  readonly cost: PricedCall | undefined;
  readonly usage: Usage | undefined;
  /** Which cache gave the answer again. */
  readonly cache?: "exact" | "semantic" | "idempotent" | undefined;
  readonly unpriced?: UnpricedAnswer | undefined;
  readonly told?: AlsoTold | undefined;
  readonly responseId: string;
  readonly serviceTier: string;
  readonly ttftMs: number | null;
}

export function startRecord(dialect: Dialect, traceId: string, at: number, startedAt: number): CallRecord {
  return {
    traceId,
    at,
    startedAt,
    dialect,
    caller: undefined,
    requestedModel: "",
    provider: "",
    model: "",
    priceId: "",
    stream: false,
    heldNano: 0n,
    attempts: 0,
    upstreamMs: 0,
    levers: [],
    mayKeep: true,
    reuse: undefined,
    holdout: false,
    complexity: null,
    modelSize: undefined,
    said: undefined,
    parts: [],
  };
}

export function traceOf(record: CallRecord, result: CallResult, latencyMs: number): SentTrace {
  const { scope, key, priority, pii } = record.caller!;
  const { usage, cost, bookedNano, ttftMs } = result;
  return {
    use_case_id: scope.use_case,
    depth_k: record.said?.depthK ?? undefined,
    rerank_n: record.said?.rerankN ?? undefined,
    ts: new Date(record.at).toISOString(),
    model_id: record.model,
    prompt_tokens: usage?.inputTokens,
    gen_tokens: usage?.outputTokens,
    latency_ms: inMicroseconds(latencyMs),
    unit_cost_usd: bookedNano === null ? null : formatUsd(bookedNano),
    trace_id: record.traceId,
    tenant: scope.tenant,
    environment: scope.environment,
    feature: scope.feature,
    service: scope.service,
    team: scope.team,
    run_id: scope.run,
    api_key_id: key.id,
    provider: record.provider,
    requested_model: record.requestedModel,
    operation: record.dialect.operation,
    stream: record.stream || undefined,
    outcome: result.outcome,
    cost_basis: result.basis,
    status_code: result.status,
    error_code: result.errorCode || undefined,
    cache_read_tokens: usage?.cacheReadTokens || undefined,
    cache_write_tokens: usage?.cacheWriteTokens || undefined,
    reasoning_tokens: usage?.reasoningTokens || undefined,
    input_cost_usd: cost && formatDecimal(cost.inputAtto, 18),
    gen_cost_usd: cost && formatDecimal(cost.outputAtto, 18),
    rounding_usd: cost && bookedNano !== null ? formatDecimal(bookedNano * 1_000_000_000n - cost.totalAtto, 18) : undefined,
    held_usd: formatUsd(record.heldNano),
    price_id: record.priceId,
    attempts: record.attempts,
    ttft_ms: ttftMs === null ? undefined : inMicroseconds(ttftMs),
    response_id: result.responseId || undefined,
    service_tier: result.serviceTier || undefined,
    priority,
    pii: pii || undefined,
    levers: record.levers.length > 0 ? record.levers : undefined,
    usage_details: usage && usageDetails(usage, result.told),
    session_id: record.said?.sessionId,
    experiment_id: record.said?.experimentId,
    parts: record.parts.length > 0 ? record.parts : undefined,
    holdout: record.holdout || undefined,
    complexity: record.complexity ?? undefined,
    model_size: record.modelSize,
  };
}

/** Milliseconds to the microsecond: more digits are noise. */
function inMicroseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
