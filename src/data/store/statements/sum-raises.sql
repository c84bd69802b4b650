-- What the raises in force add to a budget's limit.
UPDATE budget SET raised_nano = (SELECT CAST(coalesce(sum(amount_nano), 0) AS BIGINT) FROM budget_raise WHERE budget_id = :id AND state = 'active'),
  version = :version
WHERE id = :id
