-- Corrections of what calls cost: for each correction one row that takes the former cost back and one with the new cost. Rows are
-- never changed. The first cost of a call is its trace; read both through finops.fact_cost. The key holds what makes a row itself, so
-- that a correction that was cut off and done again counts once.
CREATE TABLE IF NOT EXISTS finops.fact_cost_row
(
  tenant LowCardinality(String),
  ts DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
  trace_id String,
  revision UInt32,
  kind LowCardinality(String),
  known_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
  repricing_id LowCardinality(String),
  price_id LowCardinality(String),
  currency LowCardinality(String),
  list_cost_usd Nullable(Decimal(38, 18)),
  contracted_cost_usd Decimal(38, 18),
  billed_cost_usd Nullable(Decimal(38, 18)),
  use_case_id LowCardinality(String),
  environment LowCardinality(String),
  feature LowCardinality(String),
  service LowCardinality(String),
  team LowCardinality(String),
  provider LowCardinality(String),
  model_id LowCardinality(String),
  CONSTRAINT kind_is_known CHECK kind IN ('reversal', 'repriced')
)
ENGINE = ReplacingMergeTree(known_at)
PARTITION BY toYYYYMM(ts)
ORDER BY (tenant, ts, trace_id, revision, kind)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
