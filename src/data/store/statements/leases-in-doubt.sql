-- What is left in doubt of the leases of a process as whole sums. Rows: accounts it leased from.
SELECT hold_id, accounts, held_nano FROM hold_in_doubt WHERE hold_id LIKE :pattern ORDER BY hold_id
