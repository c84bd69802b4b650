import { Type } from "typebox";
import { COST_GROUPS } from "./cost-groups.ts";
import { closed, count, instantText, limitQuery, orNull, scopeText, usdText } from "./field-contract.ts";
import { CALL_OUTCOMES, COST_BASES } from "./request-trace.ts";

export const COST_WINDOWS = ["1h", "24h", "7d", "30d", "month"] as const;

const filters = {
  tenant: Type.Optional(scopeText),
  feature: Type.Optional(scopeText),
  service: Type.Optional(scopeText),
  team: Type.Optional(scopeText),
  environment: Type.Optional(scopeText),
  use_case: Type.Optional(scopeText),
  provider: Type.Optional(scopeText),
  model: Type.Optional(scopeText),
};
const period = {
  window: Type.Optional(Type.Enum([...COST_WINDOWS], { description: "Ends now; month is the whole calendar month in UTC" })),
  from: Type.Optional(Type.String({ maxLength: 40, description: "ISO 8601 day or instant, included" })),
  to: Type.Optional(Type.String({ maxLength: 40, description: "ISO 8601 day or instant, not included" })),
};

export const costsQuery = closed({
  ...filters,
  ...period,
  group_by: Type.Optional(Type.String({ maxLength: 200, description: `A list with commas of ${COST_GROUPS.join(", ")}` })),
});
export const tracesQuery = closed({ ...filters, ...period, limit: Type.Optional(limitQuery) });

const sums = {
  calls: count,
  refused: count,
  cached: count,
  unpriced: count,
  in_doubt: count,
  prompt_tokens: count,
  gen_tokens: count,
  cost_usd: usdText,
};
export const costsAnswer = closed({
  from: instantText,
  to: instantText,
  group_by: Type.Array(Type.Enum([...COST_GROUPS])),
  rows: Type.Array(
    closed({
      ...Object.fromEntries(COST_GROUPS.map((group) => [group, Type.Optional(Type.String())])),
      ...sums,
      latency_ms_p50: orNull(Type.Number()),
      latency_ms_p95: orNull(Type.Number()),
    }),
  ),
  total: closed(sums),
});

const text = Type.String();
const usdOrNull = orNull(usdText);
/** RequestTrace, field for field. */
export const traceView = closed({
  use_case_id: text,
  ts: instantText,
  model_id: text,
  prompt_tokens: count,
  gen_tokens: count,
  depth_k: orNull(count),
  rerank_n: orNull(count),
  cache_hit: Type.Boolean(),
  latency_ms: Type.Number(),
  unit_cost_usd: usdOrNull,
  trace_id: text,
  tenant: text,
  environment: text,
  feature: text,
  service: text,
  team: text,
  run_id: text,
  api_key_id: text,
  provider: text,
  requested_model: text,
  operation: Type.Enum(["chat", "responses", "embeddings", "messages", "track"]),
  report_type: text,
  stream: Type.Boolean(),
  outcome: Type.Enum([...CALL_OUTCOMES]),
  cost_basis: Type.Enum([...COST_BASES]),
  status_code: Type.Integer(),
  error_code: text,
  cache_read_tokens: count,
  cache_write_tokens: count,
  reasoning_tokens: count,
  input_cost_usd: usdOrNull,
  gen_cost_usd: usdOrNull,
  rounding_usd: usdOrNull,
  held_usd: usdText,
  price_id: text,
  attempts: count,
  ttft_ms: orNull(Type.Number()),
  response_id: text,
  service_tier: text,
  priority: Type.Enum(["p0", "p1", "p2"]),
  pii: Type.Boolean(),
  levers: Type.Array(text),
  usage_details: Type.Record(Type.String(), count),
  session_id: text,
  experiment_id: text,
  holdout: Type.Boolean(),
  complexity: orNull(Type.Number()),
  model_size: Type.Enum(["small", "medium", "large", ""]),
});
export const tracesAnswer = closed({ from: instantText, to: instantText, traces: Type.Array(traceView) });
