-- The levers and thresholds of every subject. Rows: subjects that ever had any.
SELECT subject, revision, state FROM control_state ORDER BY subject
