-- Answers that are too old to replay.
DELETE FROM idempotency WHERE expires_at < :at
