-- When runs, sessions, experiments or jobs were started, ended and spent on. Asked by: the report of runs. Rows: one per tenant and name.
-- Spending is looked for in [from, to), starts and ends in all the time before its end, so that a run that began earlier is known.
SELECT
  tenant,
  name,
  countIf(what = 'call') AS calls,
  countIf(what = 'fact') AS facts,
  if(calls + facts = 0, NULL, minIf(at, what IN ('call', 'fact'))) AS first_spent,
  if(calls + facts = 0, NULL, maxIf(at, what IN ('call', 'fact'))) AS last_spent,
  if(countIf(what = 'started') = 0, NULL, minIf(at, what = 'started')) AS started_at,
  if(countIf(what = 'ended') = 0, NULL, maxIf(at, what = 'ended')) AS ended_at
FROM
(
  SELECT
    tenant,
    multiIf({kind:String} = 'run', run_id, {kind:String} = 'session', session_id, {kind:String} = 'experiment', experiment_id, '') AS name,
    ts AS at,
    'call' AS what
  FROM finops.request_trace
  WHERE ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')}
    AND ({tenant:Nullable(String)} IS NULL OR tenant = {tenant:Nullable(String)})
  UNION ALL
  SELECT
    tenant,
    multiIf(
      {kind:String} = 'run', run_id, {kind:String} = 'session', session_id, {kind:String} = 'experiment', experiment_id, job_id
    ) AS name,
    ts AS at,
    if(measure IN ('started', 'ended'), measure, 'fact') AS what
  FROM finops.fact_usage
  WHERE ts < {to:DateTime64(3, 'UTC')}
    AND if(
      measure IN ('started', 'ended'), subject = {kind:String},
      source != 'gateway' AND measure NOT IN ('revenue_usd', 'business') AND ts >= {from:DateTime64(3, 'UTC')}
    )
    AND ({tenant:Nullable(String)} IS NULL OR tenant = {tenant:Nullable(String)})
)
WHERE name != ''
GROUP BY tenant, name
ORDER BY tenant, name
