-- How well founded answers were rated over the last hour, from 1 to 5, of each subject. Asked by: the controls, at every tick.
-- Rows: one per subject with ratings. A rated call that is known counts for its use case, its provider, and its model by both names, from
-- the newest change of the subject on by when the call was made; a rating whose call is not known counts for its own use case, by its time.
-- Calls are looked for from a week before on. Rounded, so that answers that were all rated 4.2 are 4.2, and not a little less. A rating of another tenant's call counts for nobody.
SELECT
  subject,
  count() AS samples,
  round(avg(score), 6) AS average
FROM
(
  SELECT
    arrayJoin(if(call.trace_id = '', [concat('use_case:', rating.use_case_id)], arrayDistinct([
      concat('use_case:', call.use_case_id), concat('provider:', call.provider),
      concat('model:', call.model_id), concat('model:', call.requested_model)
    ]))) AS subject,
    transform(
      subject, JSONExtract({subjects:String}, 'Array(String)'), JSONExtract({since:String}, 'Array(Int64)'), toInt64(-1)
    ) AS since_ms,
    toUnixTimestamp64Milli(if(call.trace_id = '', rating.ts, call.ts)) AS made_ms,
    rating.score AS score
  FROM
  (
    SELECT tenant, use_case_id, trace_id, score, ts
    FROM finops.rating
    WHERE ts > {now:DateTime64(3, 'UTC')} - INTERVAL 1 HOUR AND ts <= {now:DateTime64(3, 'UTC')} AND name = 'groundedness'
  ) AS rating
  LEFT ANY JOIN
  (
    SELECT trace_id, tenant, use_case_id, provider, model_id, requested_model, ts
    FROM finops.request_trace
    WHERE ts > {now:DateTime64(3, 'UTC')} - INTERVAL 7 DAY AND ts <= {now:DateTime64(3, 'UTC')}
      AND trace_id IN
      (
        SELECT trace_id FROM finops.rating
        WHERE ts > {now:DateTime64(3, 'UTC')} - INTERVAL 1 HOUR AND ts <= {now:DateTime64(3, 'UTC')} AND name = 'groundedness'
      )
  ) AS call ON rating.trace_id = call.trace_id
  WHERE call.trace_id = '' OR call.tenant = rating.tenant
)
WHERE since_ms >= 0 AND made_ms >= since_ms
GROUP BY subject
ORDER BY subject
