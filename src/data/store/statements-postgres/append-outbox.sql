-- What another room has to carry on, one row each; each column comes as a JSON array of text.
INSERT INTO outbox (topic, payload)
SELECT topic, payload FROM ROWS FROM (json_array_elements_text(?::text::json), json_array_elements_text(?::text::json)) AS row (topic, payload)
