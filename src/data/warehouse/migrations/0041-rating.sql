-- One row per rating, however often it arrived.
CREATE OR REPLACE VIEW finops.rating AS
SELECT tenant, rating_id, ts, event_id, use_case_id, trace_id, name, score, source
FROM finops.rating_row FINAL
