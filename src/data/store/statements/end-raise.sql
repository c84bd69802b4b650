-- A raise ends earlier than planned.
UPDATE budget_raise SET ends_at = :at, ended_early = 1 WHERE id = :id AND state <> 'over'
