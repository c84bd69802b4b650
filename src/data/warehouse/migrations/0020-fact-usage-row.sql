-- Every arrival of every fact that an application told by an event or a span. Read through finops.fact_usage, never directly.
-- The key is whose fact it is and which, and nothing else: an event without a time of its own gets another one with each arrival.
-- Hence no partitions either: with FINAL they would hide the arrival that counts. The first arrival stays, so that a fact never
-- changes, not even its price. Columns are the fields of src/contract/usage-fact.ts.
CREATE TABLE IF NOT EXISTS finops.fact_usage_row
(
  tenant LowCardinality(String),
  fact_id String,
  ts DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
  source String,
  event_id String,
  trace_id String,
  environment LowCardinality(String),
  feature LowCardinality(String),
  service LowCardinality(String),
  team LowCardinality(String),
  use_case_id LowCardinality(String),
  provider LowCardinality(String),
  model_id LowCardinality(String),
  run_id String,
  session_id String,
  experiment_id LowCardinality(String),
  job_id String,
  measure LowCardinality(String),
  subject LowCardinality(String),
  quantity Decimal(38, 6),
  depth_k Nullable(UInt32),
  cost_usd Nullable(Decimal(38, 18)),
  cost_basis LowCardinality(String),
  price_id LowCardinality(String),
  reason LowCardinality(String),
  received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
  earlier UInt64 DEFAULT 18446744073709551615 - toUInt64(toUnixTimestamp64Milli(received_at)),
  CONSTRAINT fact_id_is_given CHECK fact_id != '',
  CONSTRAINT ts_is_given CHECK ts >= toDateTime64('2000-01-01 00:00:00', 3, 'UTC')
)
ENGINE = ReplacingMergeTree(earlier)
ORDER BY (tenant, fact_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
