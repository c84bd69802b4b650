-- The whole ledger in order, for `ballast verify`. Rows: entries, read one by one.
SELECT seq, at, kind, ref, epoch, tenant, accounts, amount_nano, held_nano, input_tokens, output_tokens, once, hash FROM entry ORDER BY seq
