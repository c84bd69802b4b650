-- A reset that was booked under this key, to answer its repetition. Rows: at most one.
SELECT accounts, amount_nano FROM entry WHERE once = :once
