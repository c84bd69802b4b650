-- An alert is raised; nothing when it was before.
INSERT INTO alert (id, dedupe_key, severity, scope, facts, raised_at, times, last_at)
VALUES (:id, :key, :severity, :scope, :facts, :raisedAt, 1, :raisedAt)
ON CONFLICT (id) DO NOTHING
