-- A text that prices come from. Asked by: repricing. Rows: one, or none when it was never kept.
SELECT text FROM finops.price_part WHERE checksum = {checksum:String} LIMIT 1
