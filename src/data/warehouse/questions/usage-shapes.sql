-- What calls used, calls of one use together, over [from, to). Asked by: repricing. Rows: one per model, price, tier and epoch,
-- with a list for each count: lists are read several times as fast as rows.
-- An epoch is the number of instants in cuts that are not after the call: within one, no price changes. Tenants are told apart only
-- where they are billed differently. Only calls are here whose cost was measured and priced by us; current_usd is what they cost now.
SELECT
  provider, model_id, price_id, service_tier, tenant_group, epoch,
  groupArray(toFloat64(prompt_tokens)) AS prompts, groupArray(toFloat64(gen_tokens)) AS gens,
  groupArray(toFloat64(cache_read_tokens)) AS cache_reads, groupArray(toFloat64(cache_write_tokens)) AS cache_writes,
  groupArray(toFloat64(reasoning_tokens)) AS reasonings, groupArray(details) AS detailed,
  groupArray(current_usd) AS currents, groupArray(toFloat64(calls)) AS called
FROM
(
  SELECT
    provider, model_id, price_id, service_tier, if({by_tenant:Bool}, tenant, '') AS tenant_group,
    toUInt32(arrayCount(cut -> cut <= toUnixTimestamp64Milli(ts), arrayMap(text -> toInt64(text), splitByChar(',', {cuts:String})))) AS epoch,
    prompt_tokens, gen_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens,
    arrayStringConcat(arrayMap((name, count) -> concat(name, '=', toString(count)), mapKeys(usage_details), mapValues(usage_details)), ',') AS details,
    assumeNotNull(unit_cost_usd) + ifNull(changed.delta_usd, 0) AS current_usd,
    count() AS calls
  FROM finops.request_trace AS trace
  LEFT JOIN
  (
    SELECT tenant, ts, trace_id, sum(contracted_cost_usd) AS delta_usd
    FROM finops.fact_cost_row FINAL
    WHERE ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')}
    GROUP BY tenant, ts, trace_id
  ) AS changed USING (tenant, ts, trace_id)
  WHERE ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')}
    AND cost_basis = 'measured' AND unit_cost_usd IS NOT NULL AND price_id != '' AND NOT cache_hit
  GROUP BY ALL
)
GROUP BY provider, model_id, price_id, service_tier, tenant_group, epoch
