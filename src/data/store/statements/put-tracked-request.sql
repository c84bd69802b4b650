-- Remembers a reported request.
INSERT INTO tracked_request (request_id, tenant, fingerprint) VALUES (:requestId, :tenant, :fingerprint)
