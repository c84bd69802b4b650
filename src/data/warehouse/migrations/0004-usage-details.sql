-- What the named token columns do not hold, so that any call can be priced again from its trace, and what else a call belongs to.
ALTER TABLE finops.request_trace_row
  ADD COLUMN IF NOT EXISTS usage_details Map(LowCardinality(String), UInt64) AFTER levers,
  ADD COLUMN IF NOT EXISTS session_id String AFTER usage_details,
  ADD COLUMN IF NOT EXISTS experiment_id LowCardinality(String) AFTER session_id
