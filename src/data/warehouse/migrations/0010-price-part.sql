-- Texts that prices come from, each once, however many versions of the price book name it. The key is the SHA-256 of the text.
CREATE TABLE IF NOT EXISTS finops.price_part
(
  checksum String,
  text String CODEC(ZSTD(6))
)
ENGINE = ReplacingMergeTree
ORDER BY checksum
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
