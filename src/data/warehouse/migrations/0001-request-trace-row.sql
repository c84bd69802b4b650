-- Every arrival of every call. Read through finops.request_trace, never directly: until parts merge, a trace that
-- arrived twice is here twice. Columns are the fields of src/contract/request-trace.ts.
-- The key holds only what never changes about a trace, so that all its arrivals meet; the newest arrival stays.
-- ts is when the call was made, ingested_at when we learned of it. Each insert is on the disk before it is acknowledged.
CREATE TABLE IF NOT EXISTS finops.request_trace_row
(
  use_case_id LowCardinality(String),
  ts DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
  model_id LowCardinality(String),
  prompt_tokens UInt64,
  gen_tokens UInt64,
  depth_k Nullable(UInt32),
  rerank_n Nullable(UInt32),
  cache_hit Bool,
  latency_ms Float64,
  unit_cost_usd Nullable(Decimal(38, 18)),
  trace_id String,
  tenant LowCardinality(String),
  environment LowCardinality(String),
  feature LowCardinality(String),
  service LowCardinality(String),
  team LowCardinality(String),
  run_id String,
  api_key_id LowCardinality(String),
  provider LowCardinality(String),
  requested_model LowCardinality(String),
  operation LowCardinality(String),
  report_type LowCardinality(String),
  stream Bool,
  outcome LowCardinality(String),
  cost_basis LowCardinality(String),
  status_code UInt32,
  error_code LowCardinality(String),
  cache_read_tokens UInt64,
  cache_write_tokens UInt64,
  reasoning_tokens UInt64,
  input_cost_usd Nullable(Decimal(38, 18)),
  gen_cost_usd Nullable(Decimal(38, 18)),
  rounding_usd Nullable(Decimal(38, 18)),
  held_usd Decimal(38, 18),
  price_id LowCardinality(String),
  attempts UInt32,
  ttft_ms Nullable(Float64),
  response_id String,
  service_tier LowCardinality(String),
  priority LowCardinality(String),
  pii Bool,
  levers Array(LowCardinality(String)),
  ingested_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') CODEC(Delta, ZSTD),
  CONSTRAINT trace_id_is_given CHECK trace_id != '',
  CONSTRAINT ts_is_given CHECK ts >= toDateTime64('2000-01-01 00:00:00', 3, 'UTC')
)
ENGINE = ReplacingMergeTree(ingested_at)
PARTITION BY toYYYYMM(ts)
ORDER BY (tenant, ts, trace_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
