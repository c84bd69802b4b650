-- Every budget. Asked once at start. Rows: budgets.
SELECT id, selector, limit_nano, raised_nano, window_kind, zone, hard, on_short, thresholds, warn_percent, covers, tier, origin, configured, created_at, updated_at
FROM budget ORDER BY id
