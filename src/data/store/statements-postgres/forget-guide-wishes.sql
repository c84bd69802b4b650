-- Wishes have been taken, or refused. :ids is a JSON array of their numbers.
DELETE FROM guide_wish WHERE id IN (SELECT json_array_elements_text(:ids::text::json)::bigint)
