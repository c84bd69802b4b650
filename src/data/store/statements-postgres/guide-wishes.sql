-- What people wrote into ai_token_budgets and the ledger has not taken, the oldest first, with the budgets that were there. Rows: at most the limit.
SELECT w.id, w.at, w.role, w.kind, w.tenant_id, w.model, w.limit_nano, w.zone, w.credit_nano, w.credited_before, w.input_tokens, w.output_tokens, g.budget_id
FROM guide_wish w LEFT JOIN guide_budget g ON g.tenant_id = w.tenant_id AND g.model = w.model
ORDER BY w.id LIMIT :limit
