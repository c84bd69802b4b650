-- One account. Rows: at most one.
SELECT id, budget_id, window_start, window_end, hard, limit_nano, spent_nano, credited_nano, in_doubt_nano, leased_nano, overrun_nano, input_tokens, output_tokens
FROM account WHERE id = :id
