-- Raises of budgets for a time, what resets credited, and the tier that a budget carries. The same tables as in the embedded ledger.
ALTER TABLE budget ADD COLUMN raised_nano BIGINT NOT NULL DEFAULT 0;
ALTER TABLE budget ADD COLUMN tier TEXT;
ALTER TABLE account ADD COLUMN credited_nano BIGINT NOT NULL DEFAULT 0;

-- `state` is what the ledger has booked: planned, active, over.
CREATE TABLE budget_raise (
  id          TEXT PRIMARY KEY,
  budget_id   TEXT NOT NULL REFERENCES budget (id),
  amount_nano BIGINT NOT NULL CHECK (amount_nano > 0),
  begins_at   BIGINT NOT NULL,
  ends_at     BIGINT NOT NULL,
  approver    TEXT NOT NULL,
  reason      TEXT NOT NULL,
  created_at  BIGINT NOT NULL,
  ended_early BIGINT NOT NULL DEFAULT 0,
  state       TEXT NOT NULL
);
CREATE INDEX budget_raise_by_state ON budget_raise (state, begins_at);
CREATE INDEX budget_raise_by_budget ON budget_raise (budget_id, created_at);
