-- A hold is resolved.
DELETE FROM hold_in_doubt WHERE hold_id = :holdId
