-- The head of the chain of audit rows. Rows: at most one.
SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1
