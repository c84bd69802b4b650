-- A process has ended in order, or what it left behind has been put right.
UPDATE process SET ended_at = :endedAt WHERE epoch = :epoch
