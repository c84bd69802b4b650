-- Something has to be said on a channel; nothing when it is planned already.
INSERT INTO alert_delivery (alert_id, channel, phase, step, state, due_at, attempts)
VALUES (:alertId, :channel, :phase, :step, 'waiting', :dueAt, 0)
ON CONFLICT (alert_id, channel, phase) DO NOTHING
