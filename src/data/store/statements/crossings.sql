-- Thresholds an account has reached. Rows: at most its thresholds.
SELECT account_id, percent, at FROM threshold_crossing WHERE account_id = :accountId ORDER BY percent
