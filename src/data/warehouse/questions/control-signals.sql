-- What policies go by, of each subject over the last day. Asked by: the controls, at every tick. Rows: one per subject that was called.
-- A call is of its use case, its provider, and its model by the name that was asked for and the one that answered. Calls that a budget
-- refused or answered with its text, that were refused for their own fault, that were repeated under their Idempotency-Key, and use that
-- was reported afterwards are no calls here. An answer from the cache is one of the calls that costs and shares are of, at no cost; it says
-- nothing of latency and failures. An answer had ahead is nobody's call, and only its cost counts. A failure of the caller (4xx, but for
-- 408 and 429) is no failure of the service. Who left before the first byte waited in vain: the wait counts as latency. Latency and
-- failures count calls from the newest change of the subject on.
SELECT
  subject,
  countIf(is_recent AND is_timed) AS timed,
  quantilesExactInclusiveIf(0.5, 0.95)(latency_ms, is_recent AND is_timed) AS latencies,
  countIf(is_recent AND (is_answer OR is_failure)) AS served,
  countIf(is_recent AND is_failure) AS failed,
  countIf(is_hour AND (is_answer OR is_hit)) AS answered,
  countIf(is_hour AND (is_hit OR is_answer AND cache_hit)) AS cached,
  countIf(is_hour AND is_answer AND depth_k IS NOT NULL) AS retrieved,
  avgIf(ifNull(depth_k, 0), is_hour AND is_answer AND depth_k IS NOT NULL) AS avg_depth_k,
  countIf(is_hour AND is_answer AND rerank_n IS NOT NULL) AS reranked,
  avgIf(ifNull(rerank_n, 0), is_hour AND is_answer AND rerank_n IS NOT NULL) AS avg_rerank_n,
  countIf(is_hour AND (is_answer OR is_hit) AND unit_cost_usd IS NOT NULL) AS hour_priced,
  sumIf(ifNull(unit_cost_usd, 0), is_hour AND (is_answer OR is_hit OR is_ahead)) AS hour_usd,
  countIf((is_answer OR is_hit) AND unit_cost_usd IS NOT NULL) AS day_priced,
  sumIf(ifNull(unit_cost_usd, 0), is_answer OR is_hit OR is_ahead) AS day_usd
FROM
(
  SELECT
    arrayJoin(arrayDistinct([
      concat('use_case:', use_case_id), concat('provider:', provider), concat('model:', model_id), concat('model:', requested_model)
    ])) AS subject,
    transform(
      subject, JSONExtract({subjects:String}, 'Array(String)'), JSONExtract({since:String}, 'Array(Int64)'), toInt64(-1)
    ) AS since_ms,
    ts >= {now:DateTime64(3, 'UTC')} - INTERVAL 5 MINUTE AND toUnixTimestamp64Milli(ts) >= since_ms AS is_recent,
    ts >= {now:DateTime64(3, 'UTC')} - INTERVAL 1 HOUR AS is_hour,
    arrayExists(lever -> startsWith(lever, 'cache_prewarm='), levers) AS is_ahead,
    NOT is_ahead AND outcome IN ('complete', 'no_usage') AS is_answer,
    NOT is_ahead AND outcome = 'replayed' AS is_hit,
    NOT is_ahead AND outcome IN ('complete', 'no_usage', 'client_gone_waiting') AS is_timed,
    NOT is_ahead AND outcome IN ('provider_error', 'provider_error_streaming', 'timeout', 'malformed_answer')
      AND (status_code < 400 OR status_code >= 500 OR status_code IN (408, 429)) AS is_failure,
    latency_ms, cache_hit, depth_k, rerank_n, unit_cost_usd
  FROM finops.request_trace
  WHERE ts > {now:DateTime64(3, 'UTC')} - INTERVAL 1 DAY AND ts <= {now:DateTime64(3, 'UTC')}
    AND outcome NOT IN ('refused', 'rejected', 'template', 'tracked')
    AND (outcome != 'replayed' OR cache_kind IN ('exact', 'semantic'))
)
WHERE since_ms >= 0
GROUP BY subject
ORDER BY subject
