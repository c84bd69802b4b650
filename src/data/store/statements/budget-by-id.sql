-- A budget as it is stored: read back after a change, or of a run that is not in memory. Rows: at most one.
SELECT id, selector, limit_nano, raised_nano, window_kind, zone, hard, on_short, fallback_model, template, on_store_down, thresholds, warn_percent, covers, tier, origin, configured, created_at, updated_at
FROM budget WHERE id = :id
