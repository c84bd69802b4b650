-- Rows of ai_token_budgets that nothing else puts right: see the function. Rows: one, with whether more wait.
SELECT guide_refresh() AS more
