-- One raise. Rows: at most one.
SELECT id, budget_id, amount_nano, begins_at, ends_at, approver, reason, created_at, ended_early, state
FROM budget_raise WHERE id = :id
