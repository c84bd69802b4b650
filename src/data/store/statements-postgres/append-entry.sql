-- Changes of balances, one row each; each column comes as a JSON array of text.
INSERT INTO entry (seq, at, kind, ref, epoch, tenant, accounts, amount_nano, held_nano, input_tokens, output_tokens, once, hash)
SELECT seq::bigint, at::bigint, kind, ref, epoch::bigint, tenant, accounts, amount::bigint, held::bigint, input::bigint, output::bigint, once, decode(hash, 'hex')
FROM ROWS FROM (
  json_array_elements_text(?::text::json), json_array_elements_text(?::text::json), json_array_elements_text(?::text::json), json_array_elements_text(?::text::json),
  json_array_elements_text(?::text::json), json_array_elements_text(?::text::json), json_array_elements_text(?::text::json), json_array_elements_text(?::text::json),
  json_array_elements_text(?::text::json), json_array_elements_text(?::text::json), json_array_elements_text(?::text::json), json_array_elements_text(?::text::json),
  json_array_elements_text(?::text::json)
) AS row (seq, at, kind, ref, epoch, tenant, accounts, amount, held, input, output, once, hash)
