-- A hold whose call may have been billed.
INSERT INTO hold_in_doubt (hold_id, tenant, accounts, held_nano, since, reason, trace)
VALUES (:holdId, :tenant, :accounts, :heldNano, :since, :reason, :trace)
