-- What Ballast's own calls for its levers cost over [from, to), per use case that they served. Asked by: savings. Rows: uses × use cases.
-- Their own use case says what they were for, such as ballast_judge; their feature says which use case they served. Answers had ahead are
-- asked for in the name of the caller and its use case, and known by their lever.
SELECT
  if(is_own, use_case_id, 'ballast_prewarm') AS used_for,
  if(is_own, feature, use_case_id) AS served,
  count() AS calls,
  countIf(unit_cost_usd IS NULL OR cost_basis IN ('unpriced', 'in_doubt')) AS unknown_cost,
  sum(if(cost_basis IN ('unpriced', 'in_doubt'), toDecimal128(0, 18), ifNull(unit_cost_usd, toDecimal128(0, 18)))) AS cost_usd
FROM
(
  SELECT *, startsWith(use_case_id, 'ballast_') AS is_own
  FROM finops.request_trace
  WHERE ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')}
    AND (is_own OR arrayExists(lever -> startsWith(lever, 'cache_prewarm='), levers))
    AND outcome NOT IN ('refused', 'rejected', 'replayed', 'template')
)
WHERE {use_case:Nullable(String)} IS NULL OR served = {use_case:Nullable(String)}
GROUP BY used_for, served
ORDER BY used_for, served
