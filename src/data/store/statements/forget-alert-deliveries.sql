-- Messages of alerts that were over long ago; before the alerts themselves.
DELETE FROM alert_delivery WHERE alert_id IN (SELECT id FROM alert WHERE resolved_at < :before)
