-- How often the levers and thresholds of a subject were changed. Rows: at most 1.
SELECT revision FROM control_state WHERE subject = :subject
