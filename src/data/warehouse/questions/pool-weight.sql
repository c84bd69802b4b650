-- How an amount would be shared out over the calls of [from, to) that a scope covers, by a driver. Asked by: unit costs. Rows: one.
-- Each call gets amount * weight / whole, cut to a whole unit; the first call gets what is left over, so the shares are the amount.
-- Calls are those that got an answer: from a provider, reported by the application, or given again.
WITH
  served AS
  (
    SELECT
      ts,
      trace_id,
      multiIf(
        {driver:String} = 'tokens', toInt256(prompt_tokens) + toInt256(gen_tokens),
        {driver:String} = 'latency', toInt256(round(latency_ms * 1000)),
        {driver:String} = 'cost', toInt256(ifNull(unit_cost_usd, 0) * 1000000000),
        toInt256(1)
      ) AS weight
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
  ),
  (SELECT sum(weight) FROM served) AS whole
SELECT
  count() AS calls,
  whole AS weight_of_all,
  sum(intDiv(toInt256({amount:String}) * weight, greatest(whole, toInt256(1)))) AS cut,
  min((ts, trace_id)) AS first_call
FROM served
