-- Alerts for operators, newest first. Rows: at most the limit.
SELECT id, severity, scope, facts, raised_at, times, last_at, acked_at, acked_by, resolved_at, resolved_why
FROM alert
WHERE :state = 'all'
   OR (:state = 'open' AND resolved_at IS NULL AND acked_at IS NULL)
   OR (:state = 'acknowledged' AND resolved_at IS NULL AND acked_at IS NOT NULL)
   OR (:state = 'resolved' AND resolved_at IS NOT NULL)
   OR (:state = 'dead' AND EXISTS (SELECT 1 FROM alert_delivery d WHERE d.alert_id = alert.id AND d.state = 'dead'))
ORDER BY raised_at DESC, id LIMIT :limit
