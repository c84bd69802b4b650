-- A message waits for the end of quiet hours.
UPDATE alert_delivery SET due_at = :dueAt
WHERE alert_id = :alertId AND channel = :channel AND phase = :phase AND state = 'waiting'
