-- Processes that kept their journal where this one does, and did not end in order: whoever has the folder's lock is alone there. Rows: few.
SELECT epoch, boot_id, expired_at FROM process WHERE ended_at IS NULL AND place IN (:place, '') AND epoch < :epoch ORDER BY epoch
