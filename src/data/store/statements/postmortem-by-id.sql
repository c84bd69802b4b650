-- One postmortem. Rows: at most 1.
SELECT id, subject, threshold, opened_at, facts, state, text, closed_by, closed_at FROM postmortem WHERE id = :id
