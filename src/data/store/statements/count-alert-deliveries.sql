-- Messages that wait for their time or another attempt, and those that were given up. Rows: one.
SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting, count(*) FILTER (WHERE state = 'dead') AS dead FROM alert_delivery WHERE state IN ('waiting', 'dead')
