-- Keeps what is known of prices from now on, which follows as JSON. Asked by: remembering the price book. Rows: one.
INSERT INTO finops.price_version (known_at, checksum, parts)
FORMAT JSONEachRow
