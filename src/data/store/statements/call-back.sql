-- Idle money of an account is called back from whoever leases it, under the next number. Rows: one, or none when there is no such account.
UPDATE account SET recall = recall + 1, recalled_at = store_clock() WHERE id = :accountId RETURNING recall
