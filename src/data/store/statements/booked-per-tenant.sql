-- What the ledger booked per tenant on calls of a time range, whether or not a budget covers them. Rows: tenants.
SELECT tenant, CAST(sum(amount_nano) AS BIGINT) AS booked_nano, count(*) AS traces
FROM entry
WHERE kind IN ('settle', 'track', 'resolve') AND at >= :from AND at < :to
GROUP BY tenant ORDER BY tenant
