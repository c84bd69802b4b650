-- What levers are judged by, per model over [from, to), of calls that a scope covers; and one row over all models, without a name.
-- Asked by: backlog, recommendations. Rows: models + 1.
-- Calls without a known cost are counted and left out of the sums. Tokens above {cap} are those of each call by itself.
-- A filter that is NULL does not filter. A model is meant by the name that its provider or its price list has for it, in any case.
SELECT
  grouping(provider) AS is_total,
  provider, model_id,
  countIf(is_call) AS calls,
  countIf(is_cached) AS cached,
  countIf(is_known) AS known_calls,
  sumIf(prompt_tokens, is_known) AS known_prompt_tokens,
  sumIf(cache_read_tokens, is_known) AS known_cache_read_tokens,
  sumIf(gen_tokens, is_known) AS known_gen_tokens,
  ifNull(sumIf(unit_cost_usd, is_known), 0) AS known_cost_usd,
  countIf(is_known AND service_tier = 'batch') AS batch_calls,
  countIf(is_known AND is_unused) AS unused_calls,
  ifNull(sumIf(unit_cost_usd, is_known AND is_unused), 0) AS unused_cost_usd,
  countIf(is_split) AS split_calls,
  ifNull(sumIf(input_cost_usd, is_split), 0) AS split_input_cost_usd,
  ifNull(sumIf(gen_cost_usd, is_split), 0) AS split_gen_cost_usd,
  sumIf(prompt_tokens, is_split) AS split_prompt_tokens,
  sumIf(cache_read_tokens, is_split) AS split_cache_read_tokens,
  sumIf(gen_tokens, is_split) AS split_gen_tokens,
  sumIf(gen_tokens - {cap:UInt64}, is_split AND gen_tokens > {cap:UInt64}) AS gen_tokens_above,
  countIf(is_split AND gen_tokens > {cap:UInt64}) AS calls_above,
  countIf(is_call AND depth_k IS NOT NULL) AS depth_calls,
  ifNull(sumIf(depth_k, is_call AND depth_k IS NOT NULL), 0) AS depth_sum,
  quantileExactInclusiveIf(0.95)(gen_tokens, is_split) AS gen_tokens_p95
FROM (
  SELECT
    *,
    outcome NOT IN ('refused', 'rejected', 'replayed', 'template') AND NOT cache_hit AS is_call,
    outcome = 'replayed' OR cache_hit AS is_cached,
    is_call AND unit_cost_usd IS NOT NULL AND cost_basis NOT IN ('unpriced', 'in_doubt') AS is_known,
    is_known AND input_cost_usd IS NOT NULL AND gen_cost_usd IS NOT NULL AS is_split,
    outcome IN (
      'client_gone_streaming', 'client_gone_waiting', 'provider_error', 'provider_error_streaming', 'timeout', 'malformed_answer'
    ) AS is_unused
  FROM finops.request_trace
  WHERE ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')}
    AND ({tenant:Nullable(String)} IS NULL OR tenant = {tenant:Nullable(String)})
    AND ({environment:Nullable(String)} IS NULL OR environment = {environment:Nullable(String)})
    AND ({feature:Nullable(String)} IS NULL OR feature = {feature:Nullable(String)})
    AND ({service:Nullable(String)} IS NULL OR service = {service:Nullable(String)})
    AND ({team:Nullable(String)} IS NULL OR team = {team:Nullable(String)})
    AND ({use_case:Nullable(String)} IS NULL OR use_case_id = {use_case:Nullable(String)})
    AND ({provider:Nullable(String)} IS NULL OR provider = {provider:Nullable(String)})
    AND ({api_key:Nullable(String)} IS NULL OR api_key_id = {api_key:Nullable(String)})
    AND ({run:Nullable(String)} IS NULL OR run_id = {run:Nullable(String)})
    AND (
      {model:Nullable(String)} IS NULL OR lower(model_id) = lower({model:Nullable(String)})
      OR lower(extract(price_id, '^[^/]*/(.*)@[^@]*$')) = lower({model:Nullable(String)})
    )
)
GROUP BY GROUPING SETS ((provider, model_id), ())
ORDER BY is_total, provider, model_id
