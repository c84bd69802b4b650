-- Whether the controls are stopped. Rows: one.
SELECT revision, stopped_at, stopped_by, reason FROM control_switch WHERE id = 1
