-- One row per call, however often its trace arrived. The name and the first ten columns are those of the economics document.
CREATE OR REPLACE VIEW finops.request_trace AS
SELECT
  use_case_id, ts, model_id, prompt_tokens, gen_tokens, depth_k, rerank_n, cache_hit, latency_ms, unit_cost_usd,
  trace_id, tenant, environment, feature, service, team, run_id, api_key_id, provider, requested_model, operation,
  report_type, stream, outcome, cost_basis, status_code, error_code, cache_read_tokens, cache_write_tokens,
  reasoning_tokens, input_cost_usd, gen_cost_usd, rounding_usd, held_usd, price_id, attempts, ttft_ms, response_id,
  service_tier, priority, pii, levers, usage_details, session_id, experiment_id, holdout, complexity, model_size, ingested_at
FROM finops.request_trace_row FINAL
