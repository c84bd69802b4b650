-- A postmortem with its facts, to be written by somebody. The same again changes nothing.
INSERT INTO postmortem (id, subject, threshold, opened_at, facts, state, text, closed_by, closed_at)
VALUES (:id, :subject, :threshold, :openedAt, :facts, 'open', '', NULL, NULL)
ON CONFLICT (id) DO NOTHING
