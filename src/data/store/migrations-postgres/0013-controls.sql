-- What the controls remember: the levers and thresholds of each subject, the switch that stops them all, approvals, and postmortems.
CREATE TABLE control_state (
  subject    TEXT PRIMARY KEY,
  revision   BIGINT NOT NULL,
  state      TEXT NOT NULL,
  changed_at BIGINT NOT NULL,
  version    BIGINT NOT NULL
);
CREATE INDEX control_state_version ON control_state (version);

CREATE TABLE control_switch (
  id         BIGINT PRIMARY KEY CHECK (id = 1),
  revision   BIGINT NOT NULL,
  stopped_at BIGINT,
  stopped_by TEXT,
  reason     TEXT
);
INSERT INTO control_switch (id, revision) VALUES (1, 0);

CREATE TABLE control_approval (
  id           TEXT PRIMARY KEY,
  subject      TEXT NOT NULL,
  kind         TEXT NOT NULL,
  reason       TEXT NOT NULL,
  approver     TEXT NOT NULL,
  granted_by   TEXT NOT NULL,
  granted_at   BIGINT NOT NULL,
  begins_at    BIGINT NOT NULL,
  ends_at      BIGINT NOT NULL,
  withdrawn_at BIGINT
);
CREATE INDEX control_approval_ends ON control_approval (ends_at);

CREATE TABLE postmortem (
  id        TEXT PRIMARY KEY,
  subject   TEXT NOT NULL,
  threshold TEXT NOT NULL,
  opened_at BIGINT NOT NULL,
  facts     TEXT NOT NULL,
  state     TEXT NOT NULL,
  text      TEXT NOT NULL,
  closed_by TEXT,
  closed_at BIGINT
);
CREATE INDEX postmortem_opened ON postmortem (opened_at);
