-- Every arrival of every rating of an answer. Read through finops.rating, never directly.
-- The key is whose rating it is and which, and nothing else, as that of finops.fact_usage_row: the first arrival stays.
-- Columns are the fields of src/contract/rating.ts; scores lie from 1 to 5.
CREATE TABLE IF NOT EXISTS finops.rating_row
(
  tenant LowCardinality(String),
  rating_id String,
  ts DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
  event_id String,
  use_case_id LowCardinality(String),
  trace_id String,
  name LowCardinality(String),
  score Float64,
  source LowCardinality(String),
  received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
  earlier UInt64 DEFAULT 18446744073709551615 - toUInt64(toUnixTimestamp64Milli(received_at)),
  CONSTRAINT rating_id_is_given CHECK rating_id != '',
  CONSTRAINT score_is_on_the_scale CHECK score >= 1 AND score <= 5
)
ENGINE = ReplacingMergeTree(earlier)
ORDER BY (tenant, rating_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
