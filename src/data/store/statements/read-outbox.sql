-- The oldest rows of a topic that wait. Rows: at most the limit.
SELECT seq, payload FROM outbox WHERE topic = :topic AND parked_reason IS NULL ORDER BY seq LIMIT :limit
