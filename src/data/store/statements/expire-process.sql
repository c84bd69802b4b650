-- The leases of a process were taken for lost: what it leased is in doubt, and nothing is leased or booked under its number any more.
UPDATE process SET expired_at = store_clock() WHERE epoch = :epoch
