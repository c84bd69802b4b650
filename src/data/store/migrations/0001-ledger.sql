-- What must be true now. Money is integer nano-USD, times are UTC milliseconds, lists and objects are JSON text.
CREATE TABLE process (
  epoch      INTEGER PRIMARY KEY AUTOINCREMENT,
  boot_id    TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at   INTEGER
) STRICT;

CREATE TABLE budget (
  id           TEXT PRIMARY KEY,
  selector     TEXT NOT NULL,
  limit_nano   INTEGER NOT NULL CHECK (limit_nano >= 0),
  window_kind  TEXT NOT NULL,
  zone         TEXT NOT NULL,
  hard         INTEGER NOT NULL,
  on_short     TEXT NOT NULL,
  thresholds   TEXT NOT NULL,
  warn_percent INTEGER NOT NULL,
  covers       TEXT NOT NULL,
  origin       TEXT NOT NULL,
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL
) STRICT;

CREATE TABLE account (
  id            TEXT PRIMARY KEY,
  budget_id     TEXT NOT NULL REFERENCES budget (id),
  window_start  INTEGER NOT NULL,
  window_end    INTEGER NOT NULL,
  hard          INTEGER NOT NULL,
  limit_nano    INTEGER NOT NULL,
  spent_nano    INTEGER NOT NULL,
  in_doubt_nano INTEGER NOT NULL,
  leased_nano   INTEGER NOT NULL,
  overrun_nano  INTEGER NOT NULL,
  input_tokens  INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL
) STRICT;
CREATE INDEX account_by_budget ON account (budget_id, window_start);

-- What each process still holds of each account: leased less settled, in doubt or given back.
CREATE TABLE lease (
  epoch        INTEGER NOT NULL REFERENCES process (epoch),
  account_id   TEXT NOT NULL REFERENCES account (id),
  granted_nano INTEGER NOT NULL,
  PRIMARY KEY (epoch, account_id)
) STRICT, WITHOUT ROWID;

-- Every change of a balance. `once` makes an ending, a resolution or a tracked request count a single time.
CREATE TABLE entry (
  seq           INTEGER PRIMARY KEY,
  at            INTEGER NOT NULL,
  kind          TEXT NOT NULL,
  ref           TEXT NOT NULL,
  epoch         INTEGER NOT NULL,
  tenant        TEXT NOT NULL,
  accounts      TEXT NOT NULL,
  amount_nano   INTEGER NOT NULL,
  held_nano     INTEGER NOT NULL,
  input_tokens  INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  once          TEXT UNIQUE,
  hash          BLOB NOT NULL
) STRICT;

CREATE TABLE hold_in_doubt (
  hold_id   TEXT PRIMARY KEY,
  tenant    TEXT NOT NULL,
  accounts  TEXT NOT NULL,
  held_nano INTEGER NOT NULL,
  since     INTEGER NOT NULL,
  reason    TEXT NOT NULL,
  trace     TEXT
) STRICT;

CREATE TABLE threshold_crossing (
  account_id TEXT NOT NULL,
  percent    INTEGER NOT NULL,
  at         INTEGER NOT NULL,
  PRIMARY KEY (account_id, percent)
) STRICT, WITHOUT ROWID;

-- Requests that applications report: the fingerprint tells a repeat from another request under the same id.
CREATE TABLE tracked_request (
  request_id  TEXT NOT NULL,
  tenant      TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  PRIMARY KEY (tenant, request_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE virtual_key (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  hash       TEXT NOT NULL UNIQUE,
  hint       TEXT NOT NULL,
  scope      TEXT NOT NULL,
  may_name   TEXT NOT NULL,
  models     TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER
) STRICT;

CREATE TABLE idempotency (
  key_id      TEXT NOT NULL,
  key         TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  epoch       INTEGER NOT NULL,
  expires_at  INTEGER NOT NULL,
  status      INTEGER,
  headers     TEXT,
  body        BLOB,
  PRIMARY KEY (key_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);

CREATE TABLE outbox (
  seq           INTEGER PRIMARY KEY AUTOINCREMENT,
  topic         TEXT NOT NULL,
  payload       TEXT NOT NULL,
  parked_reason TEXT
) STRICT;

CREATE TABLE audit (
  seq    INTEGER PRIMARY KEY,
  at     INTEGER NOT NULL,
  actor  TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  reason TEXT NOT NULL,
  before TEXT,
  after  TEXT,
  hash   BLOB NOT NULL
) STRICT;
