-- What a budget says of calls that it cannot carry, or that cannot be written; and stored answers by what was asked.
ALTER TABLE budget ADD COLUMN fallback_model TEXT;
ALTER TABLE budget ADD COLUMN template TEXT;
ALTER TABLE budget ADD COLUMN on_store_down TEXT NOT NULL DEFAULT 'deny';
CREATE INDEX idempotency_by_fingerprint ON idempotency (key_id, fingerprint);
