-- Adds the uses that follow as JSON, with what they cost now. Asked by: repricing. Rows: one per model, price, tier and epoch of a batch.
INSERT INTO finops.repriced_shape
(
  repricing_id, batch, provider, model_id, price_id, service_tier, tenant_group, epoch, new_price_id,
  prompt_tokens, gen_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, details, current_usd,
  new_list_usd, new_contracted_usd, new_billed_usd
)
FORMAT JSONCompactEachRow
