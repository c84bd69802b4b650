-- What somebody wrote of a postmortem, and whether it is closed.
UPDATE postmortem SET text = :text, state = :state, closed_by = :closedBy, closed_at = :closedAt WHERE id = :id
