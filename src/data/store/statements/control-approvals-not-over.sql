-- Approvals that are in force or will be. Rows: few, since each has an end.
SELECT id, subject, kind, reason, approver, granted_by, granted_at, begins_at, ends_at, withdrawn_at
FROM control_approval WHERE ends_at > :at AND withdrawn_at IS NULL ORDER BY begins_at, id
