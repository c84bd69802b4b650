-- A row has been carried on.
DELETE FROM outbox WHERE seq = :seq AND parked_reason IS NULL
