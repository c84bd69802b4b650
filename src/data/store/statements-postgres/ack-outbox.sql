-- Rows have been carried on. :seqs is a JSON array of their numbers.
DELETE FROM outbox WHERE seq IN (SELECT json_array_elements_text(:seqs::text::json)::bigint) AND parked_reason IS NULL
