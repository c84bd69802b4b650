-- Raises whose beginning or end has come and is not booked. Rows: few.
SELECT id, budget_id, amount_nano, begins_at, ends_at, approver, reason, created_at, ended_early, state
FROM budget_raise WHERE (state = 'planned' AND begins_at <= :at) OR (state <> 'over' AND ends_at <= :at) ORDER BY begins_at, id
