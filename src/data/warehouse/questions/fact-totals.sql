-- What all calls of [from, to) cost by kind of fact, and which costs are not repriced and why. Asked by: repricing, before and after.
-- Rows: one per kind, basis, provider and model. Calls without a cost are counted, and are not in the sum.
SELECT
  kind, multiIf(kind != 'original', '', cost_basis = 'measured' AND price_id = '', 'reported', cost_basis) AS basis,
  provider, model_id, count() AS facts, countIf(contracted_cost_usd IS NULL) AS unknown, ifNull(sum(contracted_cost_usd), 0) AS contracted_usd
FROM finops.fact_cost
WHERE ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')}
GROUP BY kind, basis, provider, model_id
ORDER BY kind, basis, provider, model_id
