-- What calls used, out of the outbox into the guide's log before it leaves. :seqs is a JSON array of row numbers. Rows: one, with how many.
SELECT guide_keep_usage(:seqs::text::json, :usageDays::bigint) AS kept
