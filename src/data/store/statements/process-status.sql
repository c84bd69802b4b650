-- How a process stands. Rows: at most one.
SELECT expired_at, ended_at FROM process WHERE epoch = :epoch
