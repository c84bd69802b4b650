-- The migrations that were applied, with the SHA-256 of their text. Asked by: every opening. Rows: one per migration.
SELECT name, checksum
FROM finops.schema_migration FINAL
ORDER BY name
