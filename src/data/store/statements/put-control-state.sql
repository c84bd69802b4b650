-- The next levers and thresholds of a subject, unless somebody changed them meanwhile: then nothing is written.
INSERT INTO control_state (subject, revision, state, changed_at, version)
VALUES (:subject, :revision, :state, :at, :version)
ON CONFLICT (subject) DO UPDATE SET revision = excluded.revision, state = excluded.state, changed_at = excluded.changed_at,
  version = excluded.version
WHERE control_state.revision = :was
