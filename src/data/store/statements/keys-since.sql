-- Virtual keys that others made or revoked. Rows: those changed since a version.
SELECT id, name, hash, hint, scope, may_name, models, created_at, expires_at, revoked_at
FROM virtual_key WHERE version > :version ORDER BY version, id
