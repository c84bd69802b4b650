-- Budgets that others changed. A run's first call changes nothing for them, so what it made has no version until it is changed.
-- Rows: those changed since a version.
SELECT id, selector, limit_nano, raised_nano, window_kind, zone, hard, on_short, fallback_model, template, on_store_down, thresholds, warn_percent, covers, tier, origin, configured, created_at, updated_at
FROM budget WHERE version > :version ORDER BY version, id
