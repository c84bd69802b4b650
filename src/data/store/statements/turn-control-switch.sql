-- Stops the controls, or lets them go on.
UPDATE control_switch SET revision = revision + 1, stopped_at = :stoppedAt, stopped_by = :stoppedBy, reason = :reason WHERE id = 1
