-- What must be true now, as the embedded ledger has it. Money is integer nano-USD, times are UTC milliseconds, lists and objects are JSON text.
CREATE TABLE process (
  epoch      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  boot_id    TEXT NOT NULL,
  started_at BIGINT NOT NULL,
  ended_at   BIGINT
);

CREATE TABLE budget (
  id           TEXT PRIMARY KEY,
  selector     TEXT NOT NULL,
  limit_nano   BIGINT NOT NULL CHECK (limit_nano >= 0),
  window_kind  TEXT NOT NULL,
  zone         TEXT NOT NULL,
  hard         BIGINT NOT NULL,
  on_short     TEXT NOT NULL,
  thresholds   TEXT NOT NULL,
  warn_percent BIGINT NOT NULL,
  covers       TEXT NOT NULL,
  origin       TEXT NOT NULL,
  configured   TEXT,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL
);

CREATE TABLE account (
  id            TEXT PRIMARY KEY,
  budget_id     TEXT NOT NULL REFERENCES budget (id),
  window_start  BIGINT NOT NULL,
  window_end    BIGINT NOT NULL,
  hard          BIGINT NOT NULL,
  limit_nano    BIGINT NOT NULL,
  spent_nano    BIGINT NOT NULL,
  in_doubt_nano BIGINT NOT NULL,
  leased_nano   BIGINT NOT NULL,
  overrun_nano  BIGINT NOT NULL,
  input_tokens  BIGINT NOT NULL,
  output_tokens BIGINT NOT NULL
);
CREATE INDEX account_by_budget ON account (budget_id, window_start);

-- What each process still holds of each account: leased less settled, in doubt or given back.
CREATE TABLE lease (
  epoch        BIGINT NOT NULL REFERENCES process (epoch),
  account_id   TEXT NOT NULL REFERENCES account (id),
  granted_nano BIGINT NOT NULL,
  PRIMARY KEY (epoch, account_id)
);

-- Every change of a balance. `once` makes an ending, a resolution or a tracked request count a single time.
CREATE TABLE entry (
  seq           BIGINT PRIMARY KEY,
  at            BIGINT NOT NULL,
  kind          TEXT NOT NULL,
  ref           TEXT NOT NULL,
  epoch         BIGINT NOT NULL,
  tenant        TEXT NOT NULL,
  accounts      TEXT NOT NULL,
  amount_nano   BIGINT NOT NULL,
  held_nano     BIGINT NOT NULL,
  input_tokens  BIGINT NOT NULL,
  output_tokens BIGINT NOT NULL,
  once          TEXT UNIQUE,
  hash          BYTEA NOT NULL
);

CREATE TABLE hold_in_doubt (
  hold_id   TEXT PRIMARY KEY,
  tenant    TEXT NOT NULL,
  accounts  TEXT NOT NULL,
  held_nano BIGINT NOT NULL,
  since     BIGINT NOT NULL,
  reason    TEXT NOT NULL,
  trace     TEXT
);

CREATE TABLE threshold_crossing (
  account_id TEXT NOT NULL,
  percent    BIGINT NOT NULL,
  at         BIGINT NOT NULL,
  PRIMARY KEY (account_id, percent)
);

-- Requests that applications report: the fingerprint tells a repeat from another request under the same id.
CREATE TABLE tracked_request (
  request_id  TEXT NOT NULL,
  tenant      TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  PRIMARY KEY (tenant, request_id)
);

CREATE TABLE virtual_key (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  hash       TEXT NOT NULL UNIQUE,
  hint       TEXT NOT NULL,
  scope      TEXT NOT NULL,
  may_name   TEXT NOT NULL,
  models     TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  revoked_at BIGINT
);

CREATE TABLE idempotency (
  key_id      TEXT NOT NULL,
  key         TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  epoch       BIGINT NOT NULL,
  expires_at  BIGINT NOT NULL,
  status      BIGINT,
  headers     TEXT,
  body        BYTEA,
  PRIMARY KEY (key_id, key)
);
CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);

CREATE TABLE outbox (
  seq           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic         TEXT NOT NULL,
  payload       TEXT NOT NULL,
  parked_reason TEXT
);

CREATE TABLE audit (
  seq    BIGINT PRIMARY KEY,
  at     BIGINT NOT NULL,
  actor  TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  reason TEXT NOT NULL,
  before TEXT,
  after  TEXT,
  hash   BYTEA NOT NULL
);
