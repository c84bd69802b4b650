-- The whole audit log in order, for `ballast verify`. Rows: audit rows.
SELECT seq, at, actor, action, target, reason, before, after, hash FROM audit ORDER BY seq
