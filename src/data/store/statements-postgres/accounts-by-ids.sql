-- Accounts. :ids is a JSON array. Rows: at most as many.
SELECT id, budget_id, window_start, window_end, hard, limit_nano, spent_nano, in_doubt_nano, leased_nano, overrun_nano, input_tokens, output_tokens
FROM account WHERE id IN (SELECT json_array_elements_text(:ids::text::json))
