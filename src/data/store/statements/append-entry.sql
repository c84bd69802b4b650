-- One change of balances; nothing when `once` was there before.
INSERT INTO entry (seq, at, kind, ref, epoch, tenant, accounts, amount_nano, held_nano, input_tokens, output_tokens, once, hash)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (once) DO NOTHING
