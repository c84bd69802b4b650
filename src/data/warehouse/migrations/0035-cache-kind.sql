-- Which cache gave an answer again, and what the answer cost when a provider gave it: what a hit spared, as far as one call can tell.
ALTER TABLE finops.request_trace_row
  ADD COLUMN IF NOT EXISTS cache_kind LowCardinality(String) AFTER experiment_id,
  ADD COLUMN IF NOT EXISTS avoided_cost_usd Nullable(Decimal(38, 18)) AFTER cache_kind
