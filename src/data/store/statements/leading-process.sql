-- The process that does the jobs of all: the oldest one alive that does any. Rows: one.
SELECT MIN(epoch) AS epoch FROM process WHERE ended_at IS NULL AND expired_at IS NULL AND does_jobs = 1
