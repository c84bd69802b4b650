-- One alert. Rows: at most one.
SELECT id, severity, scope, facts, raised_at, times, last_at, acked_at, acked_by, resolved_at, resolved_why
FROM alert WHERE id = :id
