-- What the controls remember: the levers and thresholds of each subject, the switch that stops them all, approvals, and postmortems.
CREATE TABLE control_state (
  subject    TEXT PRIMARY KEY,
  revision   INTEGER NOT NULL,
  state      TEXT NOT NULL,
  changed_at INTEGER NOT NULL,
  version    INTEGER NOT NULL
) STRICT;
CREATE INDEX control_state_version ON control_state (version);

CREATE TABLE control_switch (
  id         INTEGER PRIMARY KEY CHECK (id = 1),
  revision   INTEGER NOT NULL,
  stopped_at INTEGER,
  stopped_by TEXT,
  reason     TEXT
) STRICT;
INSERT INTO control_switch (id, revision) VALUES (1, 0);

CREATE TABLE control_approval (
  id           TEXT PRIMARY KEY,
  subject      TEXT NOT NULL,
  kind         TEXT NOT NULL,
  reason       TEXT NOT NULL,
  approver     TEXT NOT NULL,
  granted_by   TEXT NOT NULL,
  granted_at   INTEGER NOT NULL,
  begins_at    INTEGER NOT NULL,
  ends_at      INTEGER NOT NULL,
  withdrawn_at INTEGER
) STRICT;
CREATE INDEX control_approval_ends ON control_approval (ends_at);

CREATE TABLE postmortem (
  id        TEXT PRIMARY KEY,
  subject   TEXT NOT NULL,
  threshold TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  facts     TEXT NOT NULL,
  state     TEXT NOT NULL,
  text      TEXT NOT NULL,
  closed_by TEXT,
  closed_at INTEGER
) STRICT;
CREATE INDEX postmortem_opened ON postmortem (opened_at);
