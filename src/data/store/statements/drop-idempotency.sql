-- A claim whose call was never sent.
DELETE FROM idempotency WHERE key_id = :keyId AND key = :key AND status IS NULL
