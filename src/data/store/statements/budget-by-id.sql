-- One budget. Rows: at most one.
SELECT id, selector, limit_nano, window_kind, zone, hard, on_short, fallback_model, template, on_store_down, thresholds, warn_percent, covers, origin, configured, created_at, updated_at
FROM budget WHERE id = :id
