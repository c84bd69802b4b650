-- Budgets that others changed. Rows: those changed since a version.
SELECT id, selector, limit_nano, raised_nano, window_kind, zone, hard, on_short, thresholds, warn_percent, covers, tier, origin, configured, created_at, updated_at
FROM budget WHERE version > :version ORDER BY version, id
