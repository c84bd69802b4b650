-- Keeps texts that prices come from, which follow as JSON. Asked by: remembering the price book. Rows: its parts.
INSERT INTO finops.price_part (checksum, text)
FORMAT JSONEachRow
