-- The newest alert of a key, to count a repeat on. Rows: at most one.
SELECT id, resolved_at FROM alert WHERE dedupe_key = :key ORDER BY raised_at DESC LIMIT 1
