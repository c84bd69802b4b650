-- The head of the chain of entries. Rows: at most one.
SELECT seq, hash FROM entry ORDER BY seq DESC LIMIT 1
