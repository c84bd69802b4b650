-- The first use of an Idempotency-Key. Rows: at most one.
SELECT fingerprint, epoch, expires_at, status, headers, body FROM idempotency WHERE key_id = :keyId AND key = :key
