-- Forgets the leases of a process, once they are given back or in doubt.
DELETE FROM lease WHERE epoch = :epoch
