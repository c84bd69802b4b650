-- What groups of calls of [from, to) get of an amount that pool-weight.sql weighed. Asked by: unit costs. Rows: one per combination.
-- The share of a call is the same whatever is filtered and grouped, so the shares of all groups are those of the whole.
WITH multiIf(
  {driver:String} = 'tokens', toInt256(prompt_tokens) + toInt256(gen_tokens),
  {driver:String} = 'latency', toInt256(round(latency_ms * 1000)),
  {driver:String} = 'cost', toInt256(ifNull(unit_cost_usd, 0) * 1000000000),
  toInt256(1)
) AS weight
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
  count() AS calls,
  sum(
    intDiv(toInt256({amount:String}) * weight, toInt256({whole:String}))
      + if(ts = {first_ts:DateTime64(3, 'UTC')} AND trace_id = {first_trace:String}, toInt256({rest:String}), toInt256(0))
  ) AS share
FROM finops.request_trace
WHERE ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')}
  AND outcome NOT IN ('refused', 'rejected', 'template')
  AND ({pool_tenant:Nullable(String)} IS NULL OR tenant = {pool_tenant:Nullable(String)})
  AND ({pool_environment:Nullable(String)} IS NULL OR environment = {pool_environment:Nullable(String)})
  AND ({pool_feature:Nullable(String)} IS NULL OR feature = {pool_feature:Nullable(String)})
  AND ({pool_service:Nullable(String)} IS NULL OR service = {pool_service:Nullable(String)})
  AND ({pool_team:Nullable(String)} IS NULL OR team = {pool_team:Nullable(String)})
  AND ({pool_use_case:Nullable(String)} IS NULL OR use_case_id = {pool_use_case:Nullable(String)})
  AND ({pool_provider:Nullable(String)} IS NULL OR provider = {pool_provider:Nullable(String)})
  AND ({pool_model:Nullable(String)} IS NULL OR model_id = {pool_model:Nullable(String)})
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
GROUP BY
  group_tenant, group_environment, group_feature, group_service, group_team, group_use_case, group_provider, group_model, group_run,
  group_session, group_experiment, group_job, group_day
