-- Which migrations this warehouse has had. Asked by: every opening.
CREATE TABLE IF NOT EXISTS finops.schema_migration
(
  name String,
  checksum String,
  applied_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(applied_at)
ORDER BY name
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
