-- Adds the facts that follow as JSON, one object each. Asked by: the drain of the outbox. Rows: up to one batch.
-- A field that this version does not know is skipped, one that is missing gets its default.
INSERT INTO finops.fact_usage_row
(
  tenant, fact_id, ts, source, event_id, trace_id, environment, feature, service, team, use_case_id, provider, model_id, run_id,
  session_id, experiment_id, job_id, measure, subject, quantity, depth_k, cost_usd, cost_basis, price_id, reason, received_at
)
FORMAT JSONEachRow
