-- Messages that were given up are tried again; on one channel, or all of them.
UPDATE alert_delivery SET state = 'waiting', due_at = :at, attempts = 0
WHERE alert_id = :id AND state = 'dead' AND (:channel = '' OR channel = :channel)
