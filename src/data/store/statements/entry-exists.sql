-- Whether something that may happen once has happened. Rows: at most one.
SELECT 1 AS found FROM entry WHERE once = :once
