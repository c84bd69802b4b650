-- What was known of prices and since when, oldest first. Asked by: repricing, and a start, which adds one when it knows something else.
-- Rows: one per change of the price files or settings.
SELECT toUnixTimestamp64Milli(known_at) AS known_at_ms, checksum, parts
FROM finops.price_version FINAL
ORDER BY known_at, checksum
