-- Alerts that are not over, oldest first, acknowledged or not. Rows: at most the limit.
SELECT id, severity, scope, facts, raised_at, times, last_at, acked_at, acked_by, resolved_at, resolved_why
FROM alert WHERE resolved_at IS NULL ORDER BY raised_at, id LIMIT :limit
