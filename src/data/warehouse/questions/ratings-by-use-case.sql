-- How good answers were on average, from 1 to 5, per use case. Asked by: tests alone; the controls ask groundedness.sql. Rows: one per use case with ratings.
-- Of a rated call that is known its own use case counts, and the rating only when both are the same tenant's. Calls are looked for from
-- a week before the ratings on, by their ids.
SELECT
  if(call.trace_id = '', rating.use_case_id, call.use_case_id) AS use_case,
  count() AS samples,
  avg(rating.score) AS average,
  max(rating.ts) AS newest_at
FROM
(
  SELECT tenant, use_case_id, trace_id, score, ts
  FROM finops.rating
  WHERE ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')} AND name = {name:String}
) AS rating
LEFT ANY JOIN
(
  SELECT trace_id, tenant, use_case_id
  FROM finops.request_trace
  WHERE ts >= {from:DateTime64(3, 'UTC')} - INTERVAL 7 DAY AND ts < {to:DateTime64(3, 'UTC')}
    AND trace_id IN
    (
      SELECT trace_id FROM finops.rating
      WHERE ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')} AND name = {name:String} AND trace_id != ''
    )
) AS call ON rating.trace_id = call.trace_id
WHERE (call.trace_id = '' OR call.tenant = rating.tenant) AND use_case != ''
GROUP BY use_case
ORDER BY use_case
