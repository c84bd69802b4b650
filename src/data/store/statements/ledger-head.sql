-- What others may have changed since the last transaction: the heads of both chains, what has to be learned of, and how this process stands. Rows: one.
SELECT
  (SELECT version FROM change_count) AS version,
  (SELECT MAX(seq) FROM entry) AS entry_seq, (SELECT hash FROM entry ORDER BY seq DESC LIMIT 1) AS entry_hash,
  (SELECT MAX(seq) FROM audit) AS audit_seq, (SELECT hash FROM audit ORDER BY seq DESC LIMIT 1) AS audit_hash,
  (SELECT COUNT(*) FROM process WHERE epoch = :epoch AND ended_at IS NULL AND expired_at IS NULL) AS alive
