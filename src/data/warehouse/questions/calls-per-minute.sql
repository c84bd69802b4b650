-- How many calls each minute of [from, to) has, to cut a month into batches. Asked by: repricing. Rows: one per minute with calls.
SELECT toUnixTimestamp(toStartOfMinute(ts)) AS minute_s, count() AS calls
FROM finops.request_trace_row
WHERE ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')}
GROUP BY minute_s
ORDER BY minute_s
