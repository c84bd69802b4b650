-- Alerts, and what has been and has to be said of them where. Plain types, so that PostgreSQL takes the same file.
CREATE TABLE alert (
  id           TEXT PRIMARY KEY,
  dedupe_key   TEXT NOT NULL,
  severity     TEXT NOT NULL,
  scope        TEXT NOT NULL,
  facts        TEXT NOT NULL,
  raised_at    BIGINT NOT NULL,
  times        BIGINT NOT NULL,
  last_at      BIGINT NOT NULL,
  acked_at     BIGINT,
  acked_by     TEXT,
  resolved_at  BIGINT,
  resolved_why TEXT
);
CREATE INDEX alert_by_key ON alert (dedupe_key, raised_at);
CREATE UNIQUE INDEX alert_open_by_key ON alert (dedupe_key) WHERE resolved_at IS NULL;
CREATE INDEX alert_by_end ON alert (resolved_at);

CREATE TABLE alert_delivery (
  alert_id TEXT NOT NULL REFERENCES alert (id) ON DELETE CASCADE,
  channel  TEXT NOT NULL,
  phase    TEXT NOT NULL,
  step     BIGINT NOT NULL,
  state    TEXT NOT NULL,
  due_at   BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  error    TEXT,
  sent_at  BIGINT,
  PRIMARY KEY (alert_id, channel, phase)
);
CREATE INDEX alert_delivery_by_due ON alert_delivery (state, channel, due_at);
