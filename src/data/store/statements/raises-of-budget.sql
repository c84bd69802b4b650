-- Every raise that a budget has had, the newest first. Rows: at most the limit.
SELECT id, budget_id, amount_nano, begins_at, ends_at, approver, reason, created_at, ended_early, state
FROM budget_raise WHERE budget_id = :budgetId ORDER BY created_at DESC, id DESC LIMIT :limit
