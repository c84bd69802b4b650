-- Every virtual key. Asked once at start. Rows: keys.
SELECT id, name, hash, hint, scope, may_name, models, created_at, expires_at, revoked_at FROM virtual_key ORDER BY created_at, id
