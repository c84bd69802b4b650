-- Rows that wait and rows set aside. Rows: one.
SELECT count(*) FILTER (WHERE parked_reason IS NULL) AS waiting, count(*) FILTER (WHERE parked_reason IS NOT NULL) AS parked FROM outbox
