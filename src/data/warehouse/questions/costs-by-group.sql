-- Cost and use per group over [from, to). Asked by: costs API, Spend page, reports. Rows: one per combination that occurs.
-- A dimension that is not asked for is constant; the engine takes constants out of the grouping.
-- A filter that is NULL does not filter; an empty text asks for calls without that dimension.
-- Costs that are not known are counted as unpriced and left out of the sum. Percentiles are those of PERCENTILE_CONT, over calls
-- that went to a provider.
SELECT
  if({by_tenant:Bool}, tenant, '') AS group_tenant,
  if({by_feature:Bool}, feature, '') AS group_feature,
  if({by_service:Bool}, service, '') AS group_service,
  if({by_team:Bool}, team, '') AS group_team,
  if({by_environment:Bool}, environment, '') AS group_environment,
  if({by_use_case:Bool}, use_case_id, '') AS group_use_case,
  if({by_provider:Bool}, provider, '') AS group_provider,
  if({by_model:Bool}, model_id, '') AS group_model,
  if({by_day:Bool}, toDate(ts), toDate(0)) AS group_day,
  if({by_hour:Bool}, toStartOfHour(ts), toDateTime(0, 'UTC')) AS group_hour,
  count() AS traces,
  countIf(outcome NOT IN ('refused', 'rejected', 'replayed', 'template') AND NOT cache_hit) AS calls,
  countIf(outcome IN ('refused', 'template')) AS refused,
  countIf(outcome = 'replayed' OR cache_hit) AS cached,
  countIf(cost_basis = 'unpriced') AS unpriced,
  countIf(cost_basis = 'in_doubt') AS in_doubt,
  sum(prompt_tokens) AS sum_prompt_tokens,
  sum(gen_tokens) AS sum_gen_tokens,
  ifNull(sum(unit_cost_usd), 0) AS cost_usd,
  quantilesExactInclusiveIf(0.5, 0.95)(
    latency_ms, outcome NOT IN ('refused', 'rejected', 'replayed', 'template', 'tracked') AND NOT cache_hit
  ) AS latency_ms_p50_p95
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
GROUP BY
  group_tenant, group_feature, group_service, group_team, group_environment, group_use_case, group_provider, group_model,
  group_day, group_hour
ORDER BY
  group_day, group_hour, cost_usd DESC, calls DESC, group_tenant, group_feature, group_service, group_team, group_environment,
  group_use_case, group_provider, group_model
