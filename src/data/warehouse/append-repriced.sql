-- Writes, for each call whose use was found to cost something else, a fact that takes its cost back and one with the new cost.
-- Asked by: repricing, once for each batch of shapes. Rows: two per call; none for a call whose cost has changed meanwhile.
INSERT INTO finops.fact_cost_row
(
  tenant, ts, trace_id, revision, kind, known_at, repricing_id, price_id, currency,
  list_cost_usd, contracted_cost_usd, billed_cost_usd,
  use_case_id, environment, feature, service, team, provider, model_id
)
SELECT
  call.tenant, call.ts, call.trace_id, call.revision + 1, fact_kind, {known_at:DateTime64(3, 'UTC')}, {repricing_id:String},
  if(fact_kind = 'reversal', call.current_price_id, shape.new_price_id), 'USD',
  if(fact_kind = 'reversal', -call.list_usd, shape.new_list_usd),
  if(fact_kind = 'reversal', -call.current_usd, shape.new_contracted_usd),
  if(fact_kind = 'reversal', -call.billed_usd, shape.new_billed_usd),
  call.use_case_id, call.environment, call.feature, call.service, call.team, call.provider, call.model_id
FROM
(
  SELECT
    tenant, ts, trace_id, use_case_id, environment, feature, service, team, provider, model_id, price_id, service_tier,
    if({by_tenant:Bool}, tenant, '') AS tenant_group,
    toUInt32(arrayCount(cut -> cut <= toUnixTimestamp64Milli(ts), arrayMap(text -> toInt64(text), splitByChar(',', {cuts:String})))) AS epoch,
    prompt_tokens, gen_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens,
    arrayStringConcat(arrayMap((name, count) -> concat(name, '=', toString(count)), mapKeys(usage_details), mapValues(usage_details)), ',') AS details,
    assumeNotNull(unit_cost_usd) + ifNull(changed.delta_usd, 0) AS current_usd,
    changed.last_revision AS revision, if(changed.last_revision = 0, price_id, changed.last_price_id) AS current_price_id,
    changed.list_usd AS list_usd, changed.billed_usd AS billed_usd
  FROM finops.request_trace AS trace
  LEFT JOIN
  (
    SELECT
      tenant, ts, trace_id, sum(contracted_cost_usd) AS delta_usd, max(revision) AS last_revision,
      argMax(price_id, (revision, kind = 'repriced')) AS last_price_id, sum(list_cost_usd) AS list_usd, sum(billed_cost_usd) AS billed_usd
    FROM finops.fact_cost_row FINAL
    WHERE ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')}
    GROUP BY tenant, ts, trace_id
  ) AS changed USING (tenant, ts, trace_id)
  WHERE ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')}
    AND cost_basis = 'measured' AND unit_cost_usd IS NOT NULL AND price_id != '' AND NOT cache_hit
) AS call
INNER JOIN
(
  SELECT
    provider, model_id, price_id, service_tier, tenant_group, epoch, prompt_tokens, gen_tokens, cache_read_tokens, cache_write_tokens,
    reasoning_tokens, details, current_usd, new_price_id, new_list_usd, new_contracted_usd, new_billed_usd
  FROM finops.repriced_shape
  ARRAY JOIN
    prompt_tokens, gen_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, details, current_usd,
    new_list_usd, new_contracted_usd, new_billed_usd
  WHERE repricing_id = {repricing_id:String} AND batch = {batch:UInt32}
) AS shape USING (
  provider, model_id, price_id, service_tier, tenant_group, epoch, prompt_tokens, gen_tokens, cache_read_tokens, cache_write_tokens,
  reasoning_tokens, details, current_usd
)
ARRAY JOIN ['reversal', 'repriced'] AS fact_kind
