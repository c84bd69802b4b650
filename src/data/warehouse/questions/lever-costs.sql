-- What Ballast's own calls for its levers cost over [from, to), per use case that they served. Asked by: savings. Rows: uses × use cases.
-- Their own use case says what they were for, such as ballast_judge; their feature says which use case they served.
SELECT
  use_case_id AS used_for,
  feature AS served,
  count() AS calls,
  countIf(unit_cost_usd IS NULL OR cost_basis IN ('unpriced', 'in_doubt')) AS unknown_cost,
  sum(if(cost_basis IN ('unpriced', 'in_doubt'), toDecimal128(0, 18), ifNull(unit_cost_usd, toDecimal128(0, 18)))) AS cost_usd
FROM finops.request_trace
WHERE ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')}
  AND startsWith(use_case_id, 'ballast_')
  AND ({use_case:Nullable(String)} IS NULL OR feature = {use_case:Nullable(String)})
GROUP BY used_for, served
ORDER BY used_for, served
