-- A threshold was reached; nothing when it was reached before in this window.
INSERT INTO threshold_crossing (account_id, percent, at) VALUES (:accountId, :percent, :at) ON CONFLICT DO NOTHING
