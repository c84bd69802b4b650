-- Something another room has to carry on.
INSERT INTO outbox (topic, payload) VALUES (?, ?)
