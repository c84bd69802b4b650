-- A raise that was decided.
INSERT INTO budget_raise (id, budget_id, amount_nano, begins_at, ends_at, approver, reason, created_at, state)
VALUES (:id, :budgetId, :amountNano, :beginsAt, :endsAt, :approver, :reason, :createdAt, 'planned')
