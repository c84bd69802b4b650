-- The answer to replay.
UPDATE idempotency SET status = :status, headers = :headers, body = :body WHERE key_id = :keyId AND key = :key
