-- A new process and its epoch. Rows: one.
INSERT INTO process (boot_id, started_at, place, name, does_jobs, heard_at)
VALUES (:bootId, :startedAt, :place, :name, :doesJobs, store_clock()) RETURNING epoch
