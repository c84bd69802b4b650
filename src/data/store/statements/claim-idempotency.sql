-- A claim on an Idempotency-Key, in place of one that has expired.
INSERT OR REPLACE INTO idempotency (key_id, key, fingerprint, epoch, expires_at) VALUES (:keyId, :key, :fingerprint, :epoch, :expiresAt)
