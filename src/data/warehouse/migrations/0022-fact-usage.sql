-- One row per fact, however often and by whatever way it arrived: parts that calls named by header, and what events and spans told.
CREATE OR REPLACE VIEW finops.fact_usage AS
SELECT
  tenant, fact_id, ts, source, event_id, trace_id, environment, feature, service, team, use_case_id, provider, model_id, run_id,
  session_id, experiment_id, job_id, measure, subject, quantity, depth_k, cost_usd, cost_basis, price_id, reason
FROM finops.fact_usage_row FINAL
UNION ALL
SELECT
  tenant, concat(trace_id, '/', part.1) AS fact_id, ts, 'gateway' AS source, '' AS event_id, trace_id, environment, feature, service,
  team, use_case_id, provider, model_id, run_id, session_id, experiment_id, '' AS job_id, part.1 AS measure, '' AS subject,
  part.2 AS quantity, part.3 AS depth_k, part.4 AS cost_usd, part.5 AS cost_basis, part.6 AS price_id, part.7 AS reason
FROM finops.request_trace_row FINAL
ARRAY JOIN parts AS part
