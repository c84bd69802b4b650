-- Adds the traces that follow as JSON, one object each. Asked by: the drain of the outbox. Rows: up to one batch.
-- A field that this version does not know is skipped, one that is missing gets its default.
INSERT INTO finops.request_trace_row
(
  use_case_id, ts, model_id, prompt_tokens, gen_tokens, depth_k, rerank_n, cache_hit, latency_ms, unit_cost_usd,
  trace_id, tenant, environment, feature, service, team, run_id, api_key_id, provider, requested_model, operation,
  report_type, stream, outcome, cost_basis, status_code, error_code, cache_read_tokens, cache_write_tokens,
  reasoning_tokens, input_cost_usd, gen_cost_usd, rounding_usd, held_usd, price_id, attempts, ttft_ms, response_id,
  service_tier, priority, pii, levers, usage_details, session_id, experiment_id, parts, holdout,
  complexity, model_size
)
FORMAT JSONEachRow
