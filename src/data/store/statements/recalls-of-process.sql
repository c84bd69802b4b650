-- Recalls that a process has not answered. Rows: accounts that are short.
SELECT account.id, account.recall FROM lease JOIN account ON account.id = lease.account_id
WHERE lease.epoch = :epoch AND lease.granted_nano > 0 AND lease.answered < account.recall AND account.recalled_at > store_clock() - :recentMs
