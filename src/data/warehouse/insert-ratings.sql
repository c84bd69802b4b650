-- Adds the ratings that follow as JSON, one object each. Asked by: the drain of the outbox. Rows: up to one batch.
-- A field that this version does not know is skipped, one that is missing gets its default.
INSERT INTO finops.rating_row (tenant, rating_id, ts, event_id, use_case_id, trace_id, name, score, source, received_at)
FORMAT JSONEachRow
