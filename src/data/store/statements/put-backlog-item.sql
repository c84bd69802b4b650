-- An item of the backlog, new or changed.
INSERT INTO backlog_item (id, lever, scope, target, owner, eta, status, note, created_at, updated_at)
VALUES (:id, :lever, :scope, :target, :owner, :eta, :status, :note, :createdAt, :updatedAt)
ON CONFLICT (id) DO UPDATE SET lever = excluded.lever, scope = excluded.scope, target = excluded.target, owner = excluded.owner,
  eta = excluded.eta, status = excluded.status, note = excluded.note, updated_at = excluded.updated_at
