-- One hold in doubt. Rows: at most one.
SELECT hold_id, tenant, accounts, held_nano, since, reason, trace FROM hold_in_doubt WHERE hold_id = :holdId
