-- The new cost of each use that a repricing found to cost something else, for the statement that writes the facts of all calls with
-- that use: per model, price, tier and epoch a list for each count and cost. Of no use afterwards, and gone after a day.
CREATE TABLE IF NOT EXISTS finops.repriced_shape
(
  repricing_id LowCardinality(String),
  batch UInt32,
  provider LowCardinality(String),
  model_id LowCardinality(String),
  price_id LowCardinality(String),
  service_tier LowCardinality(String),
  tenant_group LowCardinality(String),
  epoch UInt32,
  new_price_id LowCardinality(String),
  prompt_tokens Array(UInt64),
  gen_tokens Array(UInt64),
  cache_read_tokens Array(UInt64),
  cache_write_tokens Array(UInt64),
  reasoning_tokens Array(UInt64),
  details Array(String),
  current_usd Array(Decimal(38, 18)),
  new_list_usd Array(Nullable(Decimal(38, 18))),
  new_contracted_usd Array(Decimal(38, 18)),
  new_billed_usd Array(Decimal(38, 18)),
  written_at DateTime DEFAULT now()
)
ENGINE = MergeTree
ORDER BY (repricing_id, batch)
TTL written_at + INTERVAL 1 DAY
