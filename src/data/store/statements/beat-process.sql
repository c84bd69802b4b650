-- A process lives; one that was taken for dead does not come back under its number. Rows changed: one or none.
UPDATE process SET heard_at = store_clock() WHERE epoch = :epoch AND ended_at IS NULL AND expired_at IS NULL
