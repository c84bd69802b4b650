-- The next number of what other processes have to learn of. Rows: one.
UPDATE change_count SET version = version + 1 WHERE id = 1 RETURNING version
