-- Every cost there is, each fact once: what was booked with the call, what took it back, and what stands in its stead. The sum over a
-- call is what it costs as far as is known. Costs that are not known are null. List and billed cost are known of repriced facts.
CREATE OR REPLACE VIEW finops.fact_cost AS
SELECT
  concat(trace_id, '/0/original') AS fact_id, trace_id, ts, ingested_at AS known_at, 'original' AS kind, '' AS repricing_id,
  toUInt32(0) AS revision, price_id, cost_basis, 'USD' AS currency,
  CAST(NULL, 'Nullable(Decimal(38, 18))') AS list_cost_usd, unit_cost_usd AS contracted_cost_usd,
  CAST(NULL, 'Nullable(Decimal(38, 18))') AS billed_cost_usd,
  tenant, use_case_id, environment, feature, service, team, provider, model_id
FROM finops.request_trace
UNION ALL
SELECT
  concat(trace_id, '/', toString(revision), '/', kind) AS fact_id, trace_id, ts, known_at, kind, repricing_id,
  revision, price_id, 'measured' AS cost_basis, currency,
  list_cost_usd, CAST(contracted_cost_usd, 'Nullable(Decimal(38, 18))') AS contracted_cost_usd, billed_cost_usd,
  tenant, use_case_id, environment, feature, service, team, provider, model_id
FROM finops.fact_cost_row FINAL
