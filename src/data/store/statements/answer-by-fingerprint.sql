-- The newest answer that the same key and tenant got to the same request, under whatever Idempotency-Key. Rows: at most one.
SELECT status, headers, body FROM idempotency
WHERE key_id = :keyId AND fingerprint = :fingerprint AND expires_at > :at AND status >= 200 AND status < 300
ORDER BY expires_at DESC LIMIT 1
