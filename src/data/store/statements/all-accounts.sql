-- Every account, for `ballast verify`. Rows: budgets x windows.
SELECT id, budget_id, window_start, window_end, hard, limit_nano, spent_nano, credited_nano, in_doubt_nano, leased_nano, overrun_nano, input_tokens, output_tokens
FROM account ORDER BY id
