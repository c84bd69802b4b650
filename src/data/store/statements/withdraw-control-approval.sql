-- Ends an approval before its time; one that is over stays as it is.
UPDATE control_approval SET withdrawn_at = :at WHERE id = :id AND withdrawn_at IS NULL AND ends_at > :at
