-- What an alert tells of happened again.
UPDATE alert SET times = times + 1, last_at = :at WHERE id = :id
