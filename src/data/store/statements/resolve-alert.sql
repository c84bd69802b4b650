-- An alert is over; nothing when it was before.
UPDATE alert SET resolved_at = :at, resolved_why = :why WHERE id = :id AND resolved_at IS NULL
