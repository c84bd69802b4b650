-- Who changed what, and why.
INSERT INTO audit (seq, at, actor, action, target, reason, before, after, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
