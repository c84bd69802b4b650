-- What else a call used beside its model, as its caller said by header, each part with its cost: src/contract/usage-fact.ts, UsagePart.
ALTER TABLE finops.request_trace_row
  ADD COLUMN IF NOT EXISTS parts Array(Tuple(
    measure String, quantity Decimal(38, 6), depth_k Nullable(UInt32), cost_usd Nullable(Decimal(38, 18)), cost_basis String,
    price_id String, reason String
  ))
