-- A claim on an Idempotency-Key, in place of one that has expired.
INSERT INTO idempotency (key_id, key, fingerprint, epoch, expires_at) VALUES (:keyId, :key, :fingerprint, :epoch, :expiresAt)
ON CONFLICT (key_id, key) DO UPDATE SET
  fingerprint = excluded.fingerprint, epoch = excluded.epoch, expires_at = excluded.expires_at, status = NULL, headers = NULL, body = NULL
