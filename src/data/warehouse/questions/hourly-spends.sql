-- What subjects spent in each hour of [from, to), by priority, and how many calls were let through and paced. Asked by: the controls, for
-- forecasts of caps. Rows: subjects × hours × priorities. A call is of its use case, its provider, and its model by the name of its
-- provider or its price list, as budgets count it. Use that was reported afterwards has no priority. Costs that are not known are in no sum.
SELECT
  arrayJoin(arrayFilter(
    each -> has(JSONExtract({subjects:String}, 'Array(String)'), each),
    arrayDistinct([
      concat('use_case:', use_case_id), concat('provider:', provider), concat('model:', model_id),
      concat('model:', extract(price_id, '^[^/]*/(.*)@[^@]*$'))
    ])
  )) AS subject,
  toUnixTimestamp(toStartOfHour(ts, 'UTC')) AS hour_s,
  if(outcome = 'tracked', '', priority) AS call_priority,
  sum(ifNull(unit_cost_usd, toDecimal128(0, 18))) AS cost_usd,
  countIf(outcome NOT IN ('refused', 'rejected', 'replayed', 'template', 'tracked')) AS admitted,
  countIf(outcome = 'refused' AND error_code = 'paced') AS paced
FROM finops.request_trace
WHERE ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')}
GROUP BY subject, hour_s, call_priority
ORDER BY subject, hour_s, call_priority
