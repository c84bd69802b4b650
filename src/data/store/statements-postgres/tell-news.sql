-- Something that other processes wait for, told to all of them with the commit.
SELECT pg_notify('ballast', ?)
