-- Postmortems, the newest first. Rows: at most the limit.
SELECT id, subject, threshold, opened_at, facts, state, text, closed_by, closed_at FROM postmortem ORDER BY opened_at DESC, id DESC LIMIT :limit
