-- What a channel has to send by now, with its alert, oldest first; a phase waits for the earlier ones of its alert. Rows: at most the limit.
SELECT d.channel, d.phase, d.attempts,
       a.id, a.severity, a.scope, a.facts, a.raised_at, a.times, a.last_at, a.acked_at, a.acked_by, a.resolved_at, a.resolved_why
FROM alert_delivery d JOIN alert a ON a.id = d.alert_id
WHERE d.state = 'waiting' AND d.channel = :channel AND d.due_at <= :at
  AND NOT EXISTS (
    SELECT 1 FROM alert_delivery earlier
    WHERE earlier.alert_id = d.alert_id AND earlier.channel = d.channel AND earlier.state = 'waiting' AND earlier.step < d.step
  )
ORDER BY d.due_at, d.alert_id
LIMIT :limit
