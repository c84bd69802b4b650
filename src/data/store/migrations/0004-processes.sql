-- Several processes on one ledger: where a process keeps its journal, when it was last heard of, whether its leases were taken for lost;
-- leases that are called back; and what the others have to learn of.
ALTER TABLE process ADD COLUMN place TEXT NOT NULL DEFAULT '';
ALTER TABLE process ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE process ADD COLUMN does_jobs INTEGER NOT NULL DEFAULT 1;
ALTER TABLE process ADD COLUMN heard_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE process ADD COLUMN expired_at INTEGER;

ALTER TABLE account ADD COLUMN recall INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN recalled_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lease ADD COLUMN answered INTEGER NOT NULL DEFAULT 0;
CREATE INDEX lease_by_account ON lease (account_id);

ALTER TABLE budget ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
CREATE INDEX budget_by_version ON budget (version);
ALTER TABLE virtual_key ADD COLUMN version INTEGER NOT NULL DEFAULT 0;

CREATE TABLE change_count (
  id      INTEGER PRIMARY KEY CHECK (id = 1),
  version INTEGER NOT NULL
) STRICT;
INSERT INTO change_count (id, version) VALUES (1, 0);
