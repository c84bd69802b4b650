-- A message has arrived.
UPDATE alert_delivery SET state = 'sent', sent_at = :at, attempts = attempts + 1, error = NULL
WHERE alert_id = :alertId AND channel = :channel AND phase = :phase AND state = 'waiting'
