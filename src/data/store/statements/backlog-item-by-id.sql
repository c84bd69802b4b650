-- One item of the backlog. Rows: at most 1.
SELECT id, lever, scope, target, owner, eta, status, note, created_at, updated_at FROM backlog_item WHERE id = :id
