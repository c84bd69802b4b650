-- Models that calls of [from, to) were priced as. Asked by: repricing, to know when their prices change. Rows: one per provider, model and price.
SELECT DISTINCT provider, model_id, price_id
FROM finops.request_trace_row
WHERE ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')} AND cost_basis = 'measured' AND price_id != ''
