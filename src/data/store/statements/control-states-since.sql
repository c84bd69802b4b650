-- Levers and thresholds that others changed. Rows: those changed since a version.
SELECT subject, revision, state FROM control_state WHERE version > :version ORDER BY version, subject
