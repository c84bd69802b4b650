-- What was and has to be said of an alert, in order. Rows: its channels × phases.
SELECT alert_id, channel, phase, state, due_at, attempts, error, sent_at
FROM alert_delivery WHERE alert_id = :id ORDER BY step, channel
