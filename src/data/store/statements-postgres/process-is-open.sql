-- Whether a process is neither ended nor taken for dead. Rows: one or none.
SELECT epoch FROM process WHERE epoch = :epoch AND ended_at IS NULL
