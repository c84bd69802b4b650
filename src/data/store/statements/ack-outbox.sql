-- Rows have been carried on. :seqs is a JSON array of their numbers.
DELETE FROM outbox WHERE seq IN (SELECT value FROM json_each(:seqs)) AND parked_reason IS NULL
