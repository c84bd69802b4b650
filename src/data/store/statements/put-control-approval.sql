-- An approval that somebody granted.
INSERT INTO control_approval (id, subject, kind, reason, approver, granted_by, granted_at, begins_at, ends_at, withdrawn_at)
VALUES (:id, :subject, :kind, :reason, :approver, :grantedBy, :grantedAt, :beginsAt, :endsAt, NULL)
ON CONFLICT (id) DO NOTHING
