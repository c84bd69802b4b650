-- A message has not arrived: it is tried again, or given up.
UPDATE alert_delivery SET state = :state, due_at = :dueAt, attempts = :attempts, error = :error
WHERE alert_id = :alertId AND channel = :channel AND phase = :phase AND state = 'waiting'
