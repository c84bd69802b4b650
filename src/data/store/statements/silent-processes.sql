-- Processes that were not heard of for too long, by the store's clock, which must have run as long itself. Who was not heard of either
-- judges nobody: then it is the store that was slow, and the others wait for it too. Rows: mostly none.
SELECT epoch, name FROM process
WHERE ended_at IS NULL AND expired_at IS NULL AND epoch <> :epoch
  AND heard_at < store_clock() - :silentMs AND store_started() < store_clock() - :silentMs
  AND (SELECT heard_at FROM process AS own WHERE own.epoch = :epoch) >= store_clock() - :silentMs
ORDER BY epoch
