-- How many holds are in doubt. Rows: one.
SELECT count(*) AS holds FROM hold_in_doubt
