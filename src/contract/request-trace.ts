import type { UsagePart } from "./usage-fact.ts";

/**
 * The record of one call, as it travels from the gateway through the outbox into `finops.request_trace`.
 * Field names are the column names. The first ten are those of the economics document.
 * Money is decimal text of USD; null is missing (not priced, not known), "0" is a value.
 */
export interface RequestTrace {
  readonly use_case_id: string;
  /** UTC, ISO 8601 with milliseconds and Z: when the call arrived. */
  readonly ts: string;
  /** The model that answered, as priced. */
  readonly model_id: string;
  readonly prompt_tokens: number;
  readonly gen_tokens: number;
  readonly depth_k: number | null;
  readonly rerank_n: number | null;
  readonly cache_hit: boolean;
  readonly latency_ms: number;
  /** What was booked on the budgets, to the nano-dollar. */
  readonly unit_cost_usd: string | null;

  /** Identity: a trace that arrives twice is one trace. */
  readonly trace_id: string;
  readonly tenant: string;
  readonly environment: string;
  readonly feature: string;
  readonly service: string;
  readonly team: string;
  readonly run_id: string;
  readonly api_key_id: string;
  readonly provider: string;
  readonly requested_model: string;
  /** OpenTelemetry gen_ai.operation.name, or "track" for usage that an application reported itself. */
  readonly operation: "chat" | "responses" | "embeddings" | "messages" | "track";
  readonly report_type: string;
  readonly stream: boolean;
  readonly outcome: CallOutcome;
  readonly cost_basis: CostBasis;
  readonly status_code: number;
  readonly error_code: string;
  readonly cache_read_tokens: number;
  readonly cache_write_tokens: number;
  readonly reasoning_tokens: number;
  /** Exact price of the input side, before rounding. */
  readonly input_cost_usd: string | null;
  readonly gen_cost_usd: string | null;
  /** unit_cost_usd less the exact cost: what rounding up to a nano-dollar added. */
  readonly rounding_usd: string | null;
  readonly held_usd: string;
  /** Which price was used: "<price list>/<model id>@<valid from or start>". */
  readonly price_id: string;
  readonly attempts: number;
  readonly ttft_ms: number | null;
  readonly response_id: string;
  readonly service_tier: string;
  readonly priority: "p0" | "p1" | "p2";
  readonly pii: boolean;
  readonly levers: readonly string[];
  /** Counts above zero that the columns above do not hold; with them the call can be priced again. Names: src/core/usage/usage-details.ts. */
  readonly usage_details: Readonly<Record<string, number>>;
  /** A conversation or an agent's session, and an experiment, that the application says the call belongs to. */
  readonly session_id: string;
  readonly experiment_id: string;
  /** Whether levers and caches left the call alone, by chance, so that savings are measured against it. */
  readonly holdout: boolean;
  /** How hard the call was for a router, 0 to 1; null where none looked at it. */
  readonly complexity: number | null;
  /** Size of the model that the call was sent to, on its ladder of model_sizes; "" for a model on none. */
  readonly model_size: "small" | "medium" | "large" | "";
  /** What the call used beside its model, as its caller said; most calls say nothing. */
  readonly parts?: readonly UsagePart[];
}

/**
 * A trace as it travels: what is empty, zero or false is left out, which is half of it for most calls. The warehouse fills it in;
 * whoever else reads one takes a missing member for its empty value.
 */
export type SentTrace = { readonly [Field in keyof RequestTrace]?: RequestTrace[Field] | undefined } & Pick<
  RequestTrace,
  "trace_id" | "ts"
>;

/** How a call ended: the rows of docs/concepts/call-endings.md. */
export const CALL_OUTCOMES = [
  "complete",
  "no_usage",
  "client_gone_streaming",
  "client_gone_waiting",
  "provider_error",
  "provider_error_streaming",
  "timeout",
  "malformed_answer",
  "replayed",
  "template",
  "refused",
  "rejected",
  "tracked",
] as const;
export type CallOutcome = (typeof CALL_OUTCOMES)[number];

/** Where the booked cost comes from. "none": nothing was used and nothing is owed. */
export const COST_BASES = ["measured", "estimated", "in_doubt", "unpriced", "none"] as const;
export type CostBasis = (typeof COST_BASES)[number];
