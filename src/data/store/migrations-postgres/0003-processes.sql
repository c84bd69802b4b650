-- Several processes on one ledger: where a process keeps its journal, when it was last heard of, whether its leases were taken for lost;
-- leases that are called back; and what the others have to learn of.
ALTER TABLE process ADD COLUMN place TEXT NOT NULL DEFAULT '';
ALTER TABLE process ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE process ADD COLUMN does_jobs BIGINT NOT NULL DEFAULT 1;
ALTER TABLE process ADD COLUMN heard_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE process ADD COLUMN expired_at BIGINT;

ALTER TABLE account ADD COLUMN recall BIGINT NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN recalled_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE lease ADD COLUMN answered BIGINT NOT NULL DEFAULT 0;
CREATE INDEX lease_by_account ON lease (account_id);

ALTER TABLE budget ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
CREATE INDEX budget_by_version ON budget (version);
ALTER TABLE virtual_key ADD COLUMN version BIGINT NOT NULL DEFAULT 0;

CREATE TABLE change_count (
  id      BIGINT PRIMARY KEY CHECK (id = 1),
  version BIGINT NOT NULL
);
INSERT INTO change_count (id, version) VALUES (1, 0);

-- Milliseconds by the clock of the store, and no other: a transaction's own time may lie before a lock that it waited for.
CREATE FUNCTION store_clock() RETURNS BIGINT LANGUAGE sql VOLATILE AS 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint';
-- Since when the store answers, by the same clock.
CREATE FUNCTION store_started() RETURNS BIGINT LANGUAGE sql VOLATILE AS 'SELECT (extract(epoch FROM pg_postmaster_start_time()) * 1000)::bigint';
