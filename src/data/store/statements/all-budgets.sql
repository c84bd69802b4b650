-- Every budget but those that first calls of runs have made, which are read one by one. Asked once at start. Rows: budgets.
SELECT id, selector, limit_nano, raised_nano, window_kind, zone, hard, on_short, fallback_model, template, on_store_down, thresholds, warn_percent, covers, tier, origin, configured, created_at, updated_at
FROM budget WHERE NOT (window_kind = 'run' AND origin = 'default') ORDER BY id
