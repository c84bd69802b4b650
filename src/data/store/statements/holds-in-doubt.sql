-- Holds in doubt, oldest first, for operators. Rows: at most the limit.
SELECT hold_id, tenant, accounts, held_nano, since, reason FROM hold_in_doubt ORDER BY since, hold_id LIMIT :limit
