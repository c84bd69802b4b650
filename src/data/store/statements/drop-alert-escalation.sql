-- Nobody needs to be told that nobody has acknowledged.
DELETE FROM alert_delivery WHERE alert_id = :id AND state = 'waiting' AND phase LIKE 'escalated-%'
