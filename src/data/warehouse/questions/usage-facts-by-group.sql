-- What applications told of beside the models of calls, per group and measure over [from, to). Asked by: unit costs, runs.
-- Rows: one per combination, measure, subject and reason. A fact that names a call is that call's where it says nothing else itself:
-- its scope is looked up among the calls of five weeks before it and a day after. Facts without a cost are counted, in no sum.
SELECT
  if({by_tenant:Bool}, f_tenant, '') AS group_tenant,
  if({by_environment:Bool}, f_environment, '') AS group_environment,
  if({by_feature:Bool}, f_feature, '') AS group_feature,
  if({by_service:Bool}, f_service, '') AS group_service,
  if({by_team:Bool}, f_team, '') AS group_team,
  if({by_use_case:Bool}, f_use_case, '') AS group_use_case,
  if({by_provider:Bool}, f_provider, '') AS group_provider,
  if({by_model:Bool}, f_model, '') AS group_model,
  if({by_run:Bool}, f_run, '') AS group_run,
  if({by_session:Bool}, f_session, '') AS group_session,
  if({by_experiment:Bool}, f_experiment, '') AS group_experiment,
  if({by_job:Bool}, job_id, '') AS group_job,
  if({by_day:Bool}, toDate(ts), toDate(0)) AS group_day,
  measure,
  subject,
  reason,
  count() AS facts,
  countIf(cost_usd IS NULL) AS without_cost,
  sum(quantity) AS sum_quantity,
  ifNull(sum(cost_usd), 0) AS sum_cost_usd
FROM
(
  SELECT
    fact.ts AS ts, fact.job_id AS job_id, fact.measure AS measure, fact.subject AS subject, fact.reason AS reason,
    fact.quantity AS quantity, fact.cost_usd AS cost_usd,
    (call.trace_id != '') AND (fact.tenant = '' OR fact.tenant = call.tenant) AS is_of_call,
    if(is_of_call AND fact.tenant = '', call.tenant, fact.tenant) AS f_tenant,
    if(is_of_call AND fact.environment = '', call.environment, fact.environment) AS f_environment,
    if(is_of_call AND fact.feature = '', call.feature, fact.feature) AS f_feature,
    if(is_of_call AND fact.service = '', call.service, fact.service) AS f_service,
    if(is_of_call AND fact.team = '', call.team, fact.team) AS f_team,
    if(is_of_call AND fact.use_case_id = '', call.use_case_id, fact.use_case_id) AS f_use_case,
    if(is_of_call AND fact.provider = '', call.provider, fact.provider) AS f_provider,
    if(is_of_call AND fact.model_id = '', call.model_id, fact.model_id) AS f_model,
    if(is_of_call AND fact.run_id = '', call.run_id, fact.run_id) AS f_run,
    if(is_of_call AND fact.session_id = '', call.session_id, fact.session_id) AS f_session,
    if(is_of_call AND fact.experiment_id = '', call.experiment_id, fact.experiment_id) AS f_experiment
  FROM
  (
    SELECT * FROM finops.fact_usage
    WHERE ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')}
  ) AS fact
  LEFT ANY JOIN
  (
    SELECT
      trace_id, tenant, environment, feature, service, team, use_case_id, provider, model_id, run_id, session_id, experiment_id
    FROM finops.request_trace
    WHERE ts >= {from:DateTime64(3, 'UTC')} - toIntervalDay(35) AND ts < {to:DateTime64(3, 'UTC')} + toIntervalDay(1)
      AND trace_id IN (
        SELECT trace_id FROM finops.fact_usage_row
        WHERE ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')} AND trace_id != ''
      )
  ) AS call ON fact.trace_id = call.trace_id
)
WHERE ({tenant:Nullable(String)} IS NULL OR f_tenant = {tenant:Nullable(String)})
  AND ({environment:Nullable(String)} IS NULL OR f_environment = {environment:Nullable(String)})
  AND ({feature:Nullable(String)} IS NULL OR f_feature = {feature:Nullable(String)})
  AND ({service:Nullable(String)} IS NULL OR f_service = {service:Nullable(String)})
  AND ({team:Nullable(String)} IS NULL OR f_team = {team:Nullable(String)})
  AND ({use_case:Nullable(String)} IS NULL OR f_use_case = {use_case:Nullable(String)})
  AND ({provider:Nullable(String)} IS NULL OR f_provider = {provider:Nullable(String)})
  AND ({model:Nullable(String)} IS NULL OR f_model = {model:Nullable(String)})
  AND ({run:Nullable(String)} IS NULL OR f_run = {run:Nullable(String)})
  AND ({session:Nullable(String)} IS NULL OR f_session = {session:Nullable(String)})
  AND ({experiment:Nullable(String)} IS NULL OR f_experiment = {experiment:Nullable(String)})
  AND ({job:Nullable(String)} IS NULL OR job_id = {job:Nullable(String)})
GROUP BY
  group_tenant, group_environment, group_feature, group_service, group_team, group_use_case, group_provider, group_model, group_run,
  group_session, group_experiment, group_job, group_day, measure, subject, reason
ORDER BY measure, subject, reason
