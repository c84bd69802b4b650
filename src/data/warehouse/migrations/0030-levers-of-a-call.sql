-- What levers made of a call, and which calls they left alone: src/contract/request-trace.ts.
ALTER TABLE finops.request_trace_row
  ADD COLUMN IF NOT EXISTS holdout Bool,
  ADD COLUMN IF NOT EXISTS complexity Nullable(Float64),
  ADD COLUMN IF NOT EXISTS model_size LowCardinality(String)
