-- A new account, or its balances after a posting.
INSERT INTO account (id, budget_id, window_start, window_end, hard, limit_nano, spent_nano, credited_nano, in_doubt_nano, leased_nano, overrun_nano, input_tokens, output_tokens)
VALUES (:id, :budgetId, :windowStart, :windowEnd, :hard, :limitNano, :spentNano, :creditedNano, :inDoubtNano, :leasedNano, :overrunNano, :inputTokens, :outputTokens)
ON CONFLICT (id) DO UPDATE SET
  hard = excluded.hard, limit_nano = excluded.limit_nano, spent_nano = excluded.spent_nano, credited_nano = excluded.credited_nano, in_doubt_nano = excluded.in_doubt_nano,
  leased_nano = excluded.leased_nano, overrun_nano = excluded.overrun_nano, input_tokens = excluded.input_tokens,
  output_tokens = excluded.output_tokens
