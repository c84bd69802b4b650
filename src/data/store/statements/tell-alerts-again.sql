-- A system that follows alerts hears again of those that are open.
UPDATE alert_delivery SET state = 'waiting', due_at = :at, attempts = 0
WHERE channel = :channel AND phase = 'raised' AND state = 'sent' AND sent_at <= :before
  AND alert_id IN (SELECT id FROM alert WHERE resolved_at IS NULL)
