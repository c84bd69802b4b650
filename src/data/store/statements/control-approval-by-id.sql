-- One approval. Rows: at most 1.
SELECT id, subject, kind, reason, approver, granted_by, granted_at, begins_at, ends_at, withdrawn_at FROM control_approval WHERE id = :id
