-- After a reset: a threshold that is no longer reached may be crossed again in the window.
DELETE FROM threshold_crossing WHERE account_id = :accountId AND percent = :percent
