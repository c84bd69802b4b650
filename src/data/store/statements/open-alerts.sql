-- Alerts that are not over, in the order of their keys, after one of them; those of one account are neighbours. Rows: at most the limit.
SELECT id, severity, scope, facts, raised_at, times, last_at, acked_at, acked_by, resolved_at, resolved_why
FROM alert WHERE resolved_at IS NULL AND dedupe_key > :after ORDER BY dedupe_key LIMIT :limit
