-- The newest calls of [from, to) that match. Asked by: traces API, Traces page, journeys. Rows: at most {limit}.
-- A filter that is NULL does not filter; an empty text asks for calls without that dimension.
SELECT
  use_case_id, ts, model_id, prompt_tokens, gen_tokens, depth_k, rerank_n, cache_hit, latency_ms, unit_cost_usd,
  trace_id, tenant, environment, feature, service, team, run_id, api_key_id, provider, requested_model, operation,
  report_type, stream, outcome, cost_basis, status_code, error_code, cache_read_tokens, cache_write_tokens,
  reasoning_tokens, input_cost_usd, gen_cost_usd, rounding_usd, held_usd, price_id, attempts, ttft_ms, response_id,
  service_tier, priority, pii, levers, usage_details, session_id, experiment_id, holdout, complexity,
  model_size
FROM finops.request_trace
WHERE ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')}
  AND ({tenant:Nullable(String)} IS NULL OR tenant = {tenant:Nullable(String)})
  AND ({feature:Nullable(String)} IS NULL OR feature = {feature:Nullable(String)})
  AND ({service:Nullable(String)} IS NULL OR service = {service:Nullable(String)})
  AND ({team:Nullable(String)} IS NULL OR team = {team:Nullable(String)})
  AND ({environment:Nullable(String)} IS NULL OR environment = {environment:Nullable(String)})
  AND ({use_case:Nullable(String)} IS NULL OR use_case_id = {use_case:Nullable(String)})
  AND ({provider:Nullable(String)} IS NULL OR provider = {provider:Nullable(String)})
  AND ({model:Nullable(String)} IS NULL OR model_id = {model:Nullable(String)})
ORDER BY ts DESC, trace_id DESC
LIMIT {limit:UInt32}
