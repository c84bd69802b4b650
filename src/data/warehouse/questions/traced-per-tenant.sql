-- Traces and their booked cost per tenant over [from, to). Asked by: ballast verify, to compare with the ledger. Rows: one per tenant.
SELECT
  tenant,
  count() AS traces,
  ifNull(sum(unit_cost_usd), 0) AS booked_usd
FROM finops.request_trace
WHERE ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')}
GROUP BY tenant
ORDER BY tenant
