-- APPROX_PERCENTILE(latency_ms, 0.95), the spelling of the controls document. Exact, interpolated like PERCENTILE_CONT.
CREATE FUNCTION IF NOT EXISTS APPROX_PERCENTILE AS (value, share) -> quantileExactInclusive(share)(value)
