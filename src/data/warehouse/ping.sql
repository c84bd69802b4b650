-- Whether the engine answers. Asked by: readiness, doctor. Rows: one.
SELECT 1 AS alive
