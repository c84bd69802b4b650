-- Raises that are in force or will be. Rows: few, since each has an end.
SELECT id, budget_id, amount_nano, begins_at, ends_at, approver, reason, created_at, ended_early, state
FROM budget_raise WHERE state <> 'over' ORDER BY begins_at, id
