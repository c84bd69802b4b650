-- A new key, or its revocation.
INSERT INTO virtual_key (id, name, hash, hint, scope, may_name, models, created_at, expires_at, revoked_at, version)
VALUES (:id, :name, :hash, :hint, :scope, :mayName, :models, :createdAt, :expiresAt, :revokedAt, :version)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, scope = excluded.scope, may_name = excluded.may_name, models = excluded.models,
  expires_at = excluded.expires_at, revoked_at = excluded.revoked_at,
  version = excluded.version
