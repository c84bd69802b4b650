-- What Ballast knew of prices from an instant on: the parts of the book in order, each with its kind, its name and its checksum.
CREATE TABLE IF NOT EXISTS finops.price_version
(
  known_at DateTime64(3, 'UTC'),
  checksum String,
  parts Array(Tuple(kind String, name String, checksum String))
)
ENGINE = ReplacingMergeTree
ORDER BY (known_at, checksum)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
