-- Accounts of a budget whose window has not ended. Rows: one, or two around a change of window.
SELECT id FROM account WHERE budget_id = :budgetId AND window_end > :at
