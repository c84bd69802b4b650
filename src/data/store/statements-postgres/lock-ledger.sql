-- One transaction at a time, in the order of asking: the chain of entries has one end, and nobody can deadlock.
SELECT pg_advisory_xact_lock(?)
