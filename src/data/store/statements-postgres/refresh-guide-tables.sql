-- Rows of the guide's tables that nothing else puts right: see the function. Rows: one, with whether more wait.
SELECT guide_refresh(:usageDays::bigint)::bigint AS more
