-- Who else, and alive, leases from an account. Rows: processes.
SELECT process.epoch, process.name, lease.granted_nano, lease.answered
FROM lease JOIN process ON process.epoch = lease.epoch
WHERE lease.account_id = :accountId AND lease.epoch <> :epoch AND lease.granted_nano > 0
  AND process.ended_at IS NULL AND process.expired_at IS NULL
ORDER BY process.epoch
