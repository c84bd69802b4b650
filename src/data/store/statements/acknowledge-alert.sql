-- Somebody takes care of an alert; nothing when somebody did before.
UPDATE alert SET acked_at = :at, acked_by = :actor WHERE id = :id AND acked_at IS NULL
