-- The optimisation backlog: what is planned to make calls cost less. What it saves is computed from calls and not kept.
CREATE TABLE backlog_item (
  id         TEXT PRIMARY KEY,
  lever      TEXT NOT NULL,
  scope      TEXT NOT NULL,
  target     TEXT NOT NULL,
  owner      TEXT NOT NULL,
  eta        TEXT NOT NULL,
  status     TEXT NOT NULL,
  note       TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
