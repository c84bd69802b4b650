-- What the models of calls cost per group over [from, to), by side. Asked by: unit costs, what changed them. Rows: one per combination.
-- A dimension that is not asked for is constant. A filter that is NULL does not filter; an empty text asks for calls without it.
-- Input and generation add up to the booked cost of every call: fees of the provider and rounding go with what was generated, or with
-- the input where nothing was. A cost without sides goes the same way, and is told as lump. What is not known is in no sum.
SELECT
  if({by_tenant:Bool}, tenant, '') AS group_tenant,
  if({by_environment:Bool}, environment, '') AS group_environment,
  if({by_feature:Bool}, feature, '') AS group_feature,
  if({by_service:Bool}, service, '') AS group_service,
  if({by_team:Bool}, team, '') AS group_team,
  if({by_use_case:Bool}, use_case_id, '') AS group_use_case,
  if({by_provider:Bool}, provider, '') AS group_provider,
  if({by_model:Bool}, model_id, '') AS group_model,
  if({by_run:Bool}, run_id, '') AS group_run,
  if({by_session:Bool}, session_id, '') AS group_session,
  if({by_experiment:Bool}, experiment_id, '') AS group_experiment,
  '' AS group_job,
  if({by_day:Bool}, toDate(ts), toDate(0)) AS group_day,
  countIf(is_inference) AS inferences,
  countIf(is_cached) AS cached,
  countIf(is_inference AND cost_basis = 'in_doubt') AS in_doubt,
  countIf(is_inference AND cost IS NULL) AS unknown_cost,
  sum(prompt_tokens) AS sum_prompt_tokens,
  sum(gen_tokens) AS sum_gen_tokens,
  countIf(is_priced) AS priced_inferences,
  sumIf(prompt_tokens, is_priced) AS priced_prompt_tokens,
  sumIf(least(cache_read_tokens, prompt_tokens), is_priced) AS priced_cache_read_tokens,
  sumIf(gen_tokens, is_priced) AS priced_gen_tokens,
  sum(input_part) AS input_usd,
  sum(cost_or_zero - input_part) AS generation_usd,
  sumIf(cost_or_zero, input_cost_usd IS NULL OR gen_cost_usd IS NULL) AS lump_usd
FROM
(
  SELECT
    *,
    unit_cost_usd AS cost,
    ifNull(unit_cost_usd, toDecimal128(0, 18)) AS cost_or_zero,
    outcome NOT IN ('refused', 'rejected', 'replayed', 'template') AND NOT cache_hit AS is_inference,
    outcome = 'replayed' OR cache_hit AS is_cached,
    is_inference AND unit_cost_usd IS NOT NULL AS is_priced,
    multiIf(
      gen_tokens = 0 AND prompt_tokens > 0, cost_or_zero,
      unit_cost_usd IS NULL OR gen_cost_usd IS NULL, toDecimal128(0, 18),
      ifNull(input_cost_usd, toDecimal128(0, 18))
    ) AS input_part
  FROM finops.request_trace
  WHERE ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')}
    AND ({tenant:Nullable(String)} IS NULL OR tenant = {tenant:Nullable(String)})
    AND ({environment:Nullable(String)} IS NULL OR environment = {environment:Nullable(String)})
    AND ({feature:Nullable(String)} IS NULL OR feature = {feature:Nullable(String)})
    AND ({service:Nullable(String)} IS NULL OR service = {service:Nullable(String)})
    AND ({team:Nullable(String)} IS NULL OR team = {team:Nullable(String)})
    AND ({use_case:Nullable(String)} IS NULL OR use_case_id = {use_case:Nullable(String)})
    AND ({provider:Nullable(String)} IS NULL OR provider = {provider:Nullable(String)})
    AND ({model:Nullable(String)} IS NULL OR model_id = {model:Nullable(String)})
    AND ({run:Nullable(String)} IS NULL OR run_id = {run:Nullable(String)})
    AND ({session:Nullable(String)} IS NULL OR session_id = {session:Nullable(String)})
    AND ({experiment:Nullable(String)} IS NULL OR experiment_id = {experiment:Nullable(String)})
    AND ({job:Nullable(String)} IS NULL OR {job:Nullable(String)} = '')
)
GROUP BY
  group_tenant, group_environment, group_feature, group_service, group_team, group_use_case, group_provider, group_model, group_run,
  group_session, group_experiment, group_job, group_day
