-- A row that cannot be carried on is set aside.
UPDATE outbox SET parked_reason = :reason WHERE seq = :seq
