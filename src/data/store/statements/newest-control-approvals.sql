-- Approvals, those that are over too, the newest first. Rows: at most the limit.
SELECT id, subject, kind, reason, approver, granted_by, granted_at, begins_at, ends_at, withdrawn_at
FROM control_approval ORDER BY granted_at DESC, id DESC LIMIT :limit
