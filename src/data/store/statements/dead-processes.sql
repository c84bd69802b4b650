-- Processes that started and never ended, but this one: they crashed. Rows: mostly none or one.
SELECT epoch, boot_id FROM process WHERE ended_at IS NULL AND epoch < :epoch ORDER BY epoch
