import type { Static } from "typebox";
import type { traceView } from "./costs-contract.ts";

/** What a field of a call's record means: for cost_trace.md, and for who reads the table by SQL. A new field does not compile without its line. */
export interface TraceField {
  /** USD, tokens, ms and the like; "" for what has none. */
  readonly unit: string;
  readonly meaning: string;
}

export const TRACE_FIELDS: Readonly<Record<keyof Static<typeof traceView>, TraceField>> = {
  use_case_id: { unit: "", meaning: "The use case that the call belongs to, as its key or its header says; empty when none was named" },
  ts: { unit: "UTC", meaning: "When the call arrived, to the millisecond" },
  model_id: { unit: "", meaning: "The model that answered, as it was priced" },
  prompt_tokens: { unit: "tokens", meaning: "All input, tokens from the provider's cache included" },
  gen_tokens: { unit: "tokens", meaning: "All output, reasoning included" },
  depth_k: { unit: "results", meaning: "How many results a retrieval query was asked for; null where the application does not say" },
  rerank_n: { unit: "candidates", meaning: "How many candidates were reranked; null where the application does not say" },
  cache_hit: { unit: "", meaning: "Whether the answer came from a cache and no provider was paid" },
  latency_ms: { unit: "ms", meaning: "From the arrival of the call to the end of its answer" },
  unit_cost_usd: {
    unit: "USD",
    meaning: "What was booked on the budgets, to the nano-dollar; null where the cost is not known, 0 where nothing is owed",
  },
  trace_id: { unit: "", meaning: "Identity: a record that arrives twice is one record; answers carry it as x-ballast-trace-id" },
  tenant: { unit: "", meaning: "The tenant whose budgets paid" },
  environment: { unit: "", meaning: "Environment of the call, such as production; empty when none was named" },
  feature: { unit: "", meaning: "Feature of the application; empty when none was named" },
  service: { unit: "", meaning: "Service that called; empty when none was named" },
  team: { unit: "", meaning: "Team that owns the call; empty when none was named" },
  run_id: { unit: "", meaning: "The run that the call belongs to; empty when it belongs to none" },
  api_key_id: { unit: "", meaning: "The virtual key that was used; never the key itself" },
  provider: { unit: "", meaning: "The provider that answered, by its name in ballast.yaml" },
  requested_model: { unit: "", meaning: "The model that the caller asked for, where routes, fallbacks or budgets may have chosen another" },
  operation: { unit: "", meaning: "What was called, by OpenTelemetry's name; track for usage that an application reported itself" },
  report_type: { unit: "", meaning: "Kind of business result that the call was for, as its header says; empty when none was named" },
  stream: { unit: "", meaning: "Whether the answer was streamed" },
  outcome: { unit: "", meaning: "How the call ended: the rows of docs/concepts/call-endings.md" },
  cost_basis: { unit: "", meaning: "Where the cost comes from: measured, estimated, in_doubt, unpriced, or none where nothing is owed" },
  status_code: { unit: "", meaning: "HTTP status that the caller got" },
  error_code: { unit: "", meaning: "Code of the problem, of docs/reference/problems.md; empty when there was none" },
  cache_read_tokens: { unit: "tokens", meaning: "Part of prompt_tokens that the provider took from its prompt cache" },
  cache_write_tokens: { unit: "tokens", meaning: "Part of prompt_tokens that the provider wrote into its prompt cache" },
  reasoning_tokens: { unit: "tokens", meaning: "Part of gen_tokens that the model thought and did not say" },
  input_cost_usd: { unit: "USD", meaning: "Exact cost of the input, before rounding; null where the two sides are not known apart" },
  gen_cost_usd: { unit: "USD", meaning: "Exact cost of the output, before rounding; null where the two sides are not known apart" },
  rounding_usd: { unit: "USD", meaning: "unit_cost_usd less the exact cost: what rounding up to a nano-dollar added" },
  held_usd: { unit: "USD", meaning: "The most that the call could cost, set aside before it was sent" },
  price_id: { unit: "", meaning: "Which price was used: price list, model of the list, and the day it is valid from" },
  attempts: { unit: "attempts", meaning: "How often a provider was asked, retries and fallbacks included" },
  ttft_ms: { unit: "ms", meaning: "From the arrival of the call to the first piece of its answer; null where there was none" },
  response_id: { unit: "", meaning: "The provider's own id of its answer, for comparing with its bill" },
  service_tier: { unit: "", meaning: "Service tier as it was served, which decides the price" },
  priority: { unit: "", meaning: "Priority that the caller gave: p0, p1 or p2" },
  pii: { unit: "", meaning: "Whether the caller said that the call holds personal data" },
  levers: { unit: "", meaning: "Which cost levers changed the call, each with its value: docs/concepts/levers.md" },
  usage_details: { unit: "", meaning: "Counts above zero that no column holds; with them the call can be priced again" },
  session_id: { unit: "", meaning: "Conversation or agent's session that the call belongs to; empty when none was named" },
  experiment_id: { unit: "", meaning: "Experiment that the call belongs to; empty when none was named" },
  holdout: { unit: "", meaning: "Whether levers and caches left the call alone, by chance, so that savings are measured against it" },
  complexity: { unit: "", meaning: "How hard the call was for the router, 0 to 1; null where no router looked at it" },
  model_size: {
    unit: "",
    meaning: "Size of the model that the call was sent to: small, medium or large; empty for a model on no ladder of model_sizes",
  },
};

/** The fields that the economics document asks for, in its order. */
export const ECONOMICS_FIELDS = [
  "use_case_id",
  "ts",
  "model_id",
  "prompt_tokens",
  "gen_tokens",
  "depth_k",
  "rerank_n",
  "cache_hit",
  "latency_ms",
  "unit_cost_usd",
] as const satisfies readonly (keyof typeof TRACE_FIELDS)[];
