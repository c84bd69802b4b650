-- What a request id was used for. Rows: at most one.
SELECT fingerprint FROM tracked_request WHERE tenant = :tenant AND request_id = :requestId
