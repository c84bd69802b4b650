-- A new process and its epoch. Rows: one.
INSERT INTO process (boot_id, started_at) VALUES (:bootId, :startedAt) RETURNING epoch
