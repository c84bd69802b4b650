-- Alerts that were over long ago.
DELETE FROM alert WHERE resolved_at < :before
