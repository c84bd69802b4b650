-- Accounts, and whether money of them was called back just now. :ids is a JSON array. Rows: at most as many.
SELECT id, budget_id, window_start, window_end, hard, limit_nano, spent_nano, credited_nano, in_doubt_nano, leased_nano, overrun_nano, input_tokens, output_tokens,
  CASE WHEN recalled_at > store_clock() - 1000 THEN 1 ELSE 0 END AS pressed
FROM account WHERE id IN (SELECT json_array_elements_text(:ids::text::json))
