-- A new budget, or a new state of one.
INSERT INTO budget (id, selector, limit_nano, window_kind, zone, hard, on_short, fallback_model, template, on_store_down, thresholds, warn_percent, covers, tier, origin, configured, created_at, updated_at, version)
VALUES (:id, :selector, :limitNano, :windowKind, :zone, :hard, :onShort, :fallbackModel, :template, :onStoreDown, :thresholds, :warnPercent, :covers, :tier, :origin, :configured, :createdAt, :updatedAt, :version)
ON CONFLICT (id) DO UPDATE SET
  selector = excluded.selector, limit_nano = excluded.limit_nano, window_kind = excluded.window_kind, zone = excluded.zone,
  hard = excluded.hard, on_short = excluded.on_short, fallback_model = excluded.fallback_model, template = excluded.template, on_store_down = excluded.on_store_down,
  thresholds = excluded.thresholds, warn_percent = excluded.warn_percent,
  covers = excluded.covers, tier = excluded.tier, origin = excluded.origin, configured = excluded.configured, updated_at = excluded.updated_at,
  version = excluded.version
