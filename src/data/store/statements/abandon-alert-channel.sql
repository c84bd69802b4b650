-- A channel is gone: what waits for it is given up.
UPDATE alert_delivery SET state = 'dead', error = :error WHERE state = 'waiting' AND channel = :channel
