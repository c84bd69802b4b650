-- Budgets that others changed. Rows: those changed since a version.
SELECT id, selector, limit_nano, window_kind, zone, hard, on_short, thresholds, warn_percent, covers, origin, configured, created_at, updated_at
FROM budget WHERE version > :version ORDER BY version, id
