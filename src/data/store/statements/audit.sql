-- The newest audit rows first, for operators. Rows: at most the limit.
SELECT seq, at, actor, action, target, reason, before, after, hash FROM audit ORDER BY seq DESC LIMIT :limit
