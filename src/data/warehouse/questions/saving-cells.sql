-- What calls cost per use case and kind of call over [from, to), in the holdout and outside it, by what changed them. Asked by: savings.
-- Rows: use cases × models asked for × operations × priorities × tenths of complexity × holdout × sets of levers.
-- A call's later attempts are part of it: their ids are the call's with a suffix. Calls that were refused or answered again by their
-- Idempotency-Key are left out, and so are Ballast's own; one that the answer cache answered is a call that cost nothing. Powers of the
-- cost are for statistics, and floats; the cost itself is exact.
SELECT
  use_case,
  requested,
  operation_name,
  call_priority,
  tenth,
  is_held_out,
  changed_by,
  countIf(is_known) AS calls,
  countIf(NOT is_known) AS unknown_cost,
  sumIf(cost, is_known) AS cost_usd,
  sumIf(toFloat64(cost), is_known) AS cost_sum,
  sumIf(pow(toFloat64(cost), 2), is_known) AS cost_squares,
  sumIf(pow(toFloat64(cost), 3), is_known) AS cost_cubes
FROM
(
  SELECT
    tenant,
    splitByChar('.', trace_id)[1] AS call_id,
    any(use_case_id) AS use_case,
    any(requested_model) AS requested,
    any(operation) AS operation_name,
    any(priority) AS call_priority,
    toInt8(if(countIf(complexity IS NOT NULL) = 0, -1, least(9, floor(10 * ifNull(max(complexity), 0))))) AS tenth,
    max(holdout) AS is_held_out,
    arraySort(arrayDistinct(arrayConcat(
      arrayMap(lever -> splitByChar('=', lever)[1], arrayFlatten(groupArray(levers))),
      if(max(cache_hit), ['answer_cache'], [])
    ))) AS changed_by,
    sum(ifNull(unit_cost_usd, toDecimal128(0, 18))) AS cost,
    countIf(unit_cost_usd IS NULL OR cost_basis IN ('unpriced', 'in_doubt')) = 0 AS is_known
  FROM finops.request_trace
  WHERE ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')}
    AND use_case_id != '' AND NOT startsWith(use_case_id, 'ballast_')
    AND operation != 'track' AND outcome NOT IN ('refused', 'rejected', 'template')
    AND (outcome != 'replayed' OR cache_kind IN ('exact', 'semantic'))
    AND ({use_case:Nullable(String)} IS NULL OR use_case_id = {use_case:Nullable(String)})
  GROUP BY tenant, call_id
)
GROUP BY use_case, requested, operation_name, call_priority, tenth, is_held_out, changed_by
ORDER BY use_case, requested, operation_name, call_priority, tenth, is_held_out, changed_by
