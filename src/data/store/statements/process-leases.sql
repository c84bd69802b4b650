-- What one process still holds. Rows: accounts it used.
SELECT account_id, granted_nano FROM lease WHERE epoch = :epoch AND granted_nano > 0 ORDER BY account_id
