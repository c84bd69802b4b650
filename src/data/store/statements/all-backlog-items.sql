-- The whole backlog, the oldest item first. Rows: items.
SELECT id, lever, scope, target, owner, eta, status, note, created_at, updated_at FROM backlog_item ORDER BY created_at, id
