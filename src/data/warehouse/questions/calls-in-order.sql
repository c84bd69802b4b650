-- Calls that cost or could cost, of a scope, in order of time. Asked by: preview of a budget. Rows: at most {limit}, from the cursor on.
-- A filter that is NULL does not filter. A model is meant by the name that its provider or its price list has for it, in any case.
SELECT ts, trace_id, tenant, outcome, held_usd, unit_cost_usd
FROM finops.request_trace
WHERE ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')}
  AND (ts > {from:DateTime64(3, 'UTC')} OR trace_id > {after_id:String})
  AND outcome NOT IN ('refused', 'rejected', 'replayed', 'template') AND NOT cache_hit
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
ORDER BY ts, trace_id
LIMIT {limit:UInt32}
