-- A raise begins or is over; nothing when another process has booked that.
UPDATE budget_raise SET state = :after WHERE id = :id AND state = :before
