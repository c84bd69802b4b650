-- The guide's tables ai_token_budgets and ai_token_usage, for people and programs that speak SQL (docs/concepts/guide-tables.md). What
-- they write of budgets is a wish that the ledger takes; entries and audit rows are chained by the application, so nothing here writes them.

-- A tenant's monthly budgets as the guide's table has them. Kept by guide_mirror() after `budget`; outsiders reach it through the view alone.
CREATE TABLE guide_budget (
  tenant_id         TEXT NOT NULL,
  model             TEXT NOT NULL DEFAULT '*',
  -- The limit in force, as the API has it under this name. What an outsider wrote stands here until the ledger has taken it.
  monthly_limit_usd NUMERIC NOT NULL,
  reset_date        TIMESTAMPTZ NOT NULL,
  created_at        TIMESTAMPTZ NOT NULL DEFAULT NOW(),
  updated_at        TIMESTAMPTZ NOT NULL DEFAULT NOW(),
  -- Null until there is such a budget.
  budget_id         TEXT,
  zone              TEXT NOT NULL DEFAULT 'UTC',
  -- Counts what the ledger wrote here. The view does not show it, so whatever leaves it as it was is an outsider's.
  mirrored          BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, model)
);
CREATE UNIQUE INDEX guide_budget_by_budget ON guide_budget (budget_id);
CREATE INDEX guide_budget_by_reset ON guide_budget (reset_date);

-- What outsiders want of budgets, until the ledger has taken it. `credit` is what a reset takes off, `credited_before` what resets had taken off before.
CREATE TABLE guide_wish (
  id              BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at              BIGINT NOT NULL,
  role            TEXT NOT NULL,
  kind            TEXT NOT NULL,
  tenant_id       TEXT NOT NULL,
  model           TEXT NOT NULL,
  limit_nano      BIGINT,
  zone            TEXT,
  credit_nano     BIGINT,
  credited_before BIGINT,
  input_tokens    BIGINT,
  output_tokens   BIGINT
);
CREATE INDEX guide_wish_by_place ON guide_wish (tenant_id, model);

-- Budgets whose row an outsider's open transaction had locked when it was to be written: the ledger waits for nobody.
CREATE TABLE guide_stale (budget_id TEXT NOT NULL);

-- What calls used and cost, once their trace has left the outbox.
CREATE TABLE guide_usage (
  trace_id          TEXT PRIMARY KEY,
  tenant_id         TEXT NOT NULL,
  timestamp         TIMESTAMPTZ NOT NULL,
  model             TEXT NOT NULL,
  report_type       TEXT NOT NULL,
  prompt_tokens     BIGINT NOT NULL,
  completion_tokens BIGINT NOT NULL,
  -- Null while the call is in doubt.
  cost_usd          NUMERIC,
  request_id        TEXT NOT NULL
);
CREATE INDEX guide_usage_by_tenant ON guide_usage (tenant_id, timestamp);
CREATE INDEX guide_usage_by_time ON guide_usage (timestamp);

-- When a month of that zone ends. A zone that this server does not know counts as UTC.
CREATE FUNCTION guide_month_end(zone TEXT) RETURNS TIMESTAMPTZ LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (date_trunc('month', NOW() AT TIME ZONE zone) + INTERVAL '1 month') AT TIME ZONE zone;
EXCEPTION WHEN invalid_parameter_value THEN
  RETURN (date_trunc('month', NOW() AT TIME ZONE 'UTC') + INTERVAL '1 month') AT TIME ZONE 'UTC';
END $$;

-- Writes a budget's row as the ledger has it. Waits a moment for a locked row and no longer: this runs under the ledger's lock.
CREATE FUNCTION guide_mirror(changed budget) RETURNS VOID LANGUAGE plpgsql SET lock_timeout = '5ms' AS $$
DECLARE
  place jsonb := changed.selector::jsonb;
  is_guides boolean := changed.window_kind = 'month' AND place ? 'tenant' AND place - 'tenant' - 'model' = '{}'::jsonb;
BEGIN
  IF is_guides THEN
    -- A name that the configuration has given another scope leaves its old row.
    DELETE FROM guide_budget g WHERE g.budget_id = changed.id AND (g.tenant_id, g.model) <> (place ->> 'tenant', COALESCE(place ->> 'model', '*'));
    INSERT INTO guide_budget AS g (tenant_id, model, monthly_limit_usd, reset_date, created_at, updated_at, budget_id, zone, mirrored)
    VALUES (
      place ->> 'tenant', COALESCE(place ->> 'model', '*'), (changed.limit_nano + changed.raised_nano) * 0.000000001, guide_month_end(changed.zone),
      to_timestamp(changed.created_at / 1000.0), to_timestamp(changed.updated_at / 1000.0), changed.id, changed.zone, 1
    )
    ON CONFLICT (tenant_id, model) DO UPDATE SET
      monthly_limit_usd = EXCLUDED.monthly_limit_usd, reset_date = EXCLUDED.reset_date, created_at = EXCLUDED.created_at, updated_at = EXCLUDED.updated_at,
      budget_id = EXCLUDED.budget_id, zone = EXCLUDED.zone, mirrored = g.mirrored + 1
    WHERE g.budget_id IS NULL OR g.budget_id = EXCLUDED.budget_id;
  ELSE
    DELETE FROM guide_budget g WHERE g.budget_id = changed.id;
  END IF;
EXCEPTION WHEN lock_not_available THEN
  INSERT INTO guide_stale (budget_id) VALUES (changed.id);
END $$;

CREATE FUNCTION guide_budget_changed() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  PERFORM guide_mirror(NEW);
  RETURN NULL;
END $$;
CREATE TRIGGER guide_budget_changed AFTER INSERT OR UPDATE ON budget FOR EACH ROW EXECUTE FUNCTION guide_budget_changed();
SELECT guide_mirror(b) FROM budget b;

-- Puts rows right that nobody else does: those that were locked, those whose month has ended, and those of wishes that were refused.
-- Answers 1 when more of them wait.
CREATE FUNCTION guide_refresh() RETURNS BIGINT LANGUAGE plpgsql SET lock_timeout = '5ms' AS $$
DECLARE
  late TEXT[];
  orphan guide_budget;
BEGIN
  WITH gone AS (DELETE FROM guide_stale RETURNING budget_id) SELECT array_agg(DISTINCT budget_id) INTO late FROM gone;
  PERFORM guide_mirror(b) FROM budget b WHERE b.id = ANY (late);
  SELECT array_agg(g.budget_id) INTO late FROM (SELECT budget_id FROM guide_budget WHERE reset_date <= NOW() AND budget_id IS NOT NULL LIMIT 500) g;
  PERFORM guide_mirror(b) FROM budget b WHERE b.id = ANY (late);
  FOR orphan IN
    SELECT g.* FROM guide_budget g WHERE g.budget_id IS NULL AND NOT EXISTS (SELECT 1 FROM guide_wish w WHERE w.tenant_id = g.tenant_id AND w.model = g.model)
    FOR UPDATE SKIP LOCKED
  LOOP
    DELETE FROM guide_budget g WHERE g.tenant_id = orphan.tenant_id AND g.model = orphan.model;
  END LOOP;
  RETURN CASE WHEN cardinality(late) = 500 THEN 1 ELSE 0 END;
END $$;

-- Whether that can be a tenant or model. Which letters other scripts have, the ledger knows.
CREATE FUNCTION guide_is_name(name TEXT) RETURNS BOOLEAN LANGUAGE sql IMMUTABLE AS
  'SELECT COALESCE(regexp_replace(name, ''[^\u0001-\u007f]'', ''a'', ''g'') ~ ''^[A-Za-z0-9][A-Za-z0-9._:@/+ -]{0,127}$'', false)';

-- Refuses what cannot be a budget, in the statement that wants it. What the ledger knows better it refuses later, in the audit log.
CREATE FUNCTION guide_budget_check() RETURNS TRIGGER LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  session_zone TEXT := current_setting('TimeZone');
BEGIN
  IF NOT guide_is_name(NEW.tenant_id) THEN
    RAISE EXCEPTION 'ai_token_budgets: % is no tenant_id', quote_nullable(NEW.tenant_id) USING ERRCODE = 'check_violation',
      HINT = 'A tenant is letters, digits and . _ : @ / + - space, begins with a letter or digit, and has at most 128 characters.';
  END IF;
  IF NEW.model <> '*' AND NOT guide_is_name(NEW.model) THEN
    RAISE EXCEPTION 'ai_token_budgets: % is no model', quote_nullable(NEW.model) USING ERRCODE = 'check_violation',
      HINT = 'A model is letters, digits and . _ : @ / + - space, at most 128 characters; * is every model without a budget of its own.';
  END IF;
  -- NaN and Infinity are above every limit.
  IF NEW.monthly_limit_usd IS NULL OR NEW.monthly_limit_usd < 0 OR NEW.monthly_limit_usd > 1000000000 THEN
    RAISE EXCEPTION 'ai_token_budgets: % is no monthly_limit_usd', COALESCE(NEW.monthly_limit_usd::text, 'NULL') USING ERRCODE = 'check_violation',
      HINT = 'A limit lies between 0 and 1000000000 USD.';
  END IF;
  IF NEW.monthly_limit_usd <> round(NEW.monthly_limit_usd, 9) THEN
    RAISE EXCEPTION 'ai_token_budgets: monthly_limit_usd % has more than 9 decimal places', NEW.monthly_limit_usd USING ERRCODE = 'check_violation',
      HINT = 'Round it; budgets are kept in billionths of a dollar.';
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NEW.reset_date IS NULL THEN
      NEW.reset_date := guide_month_end('UTC');
    END IF;
    IF NEW.reset_date = guide_month_end('UTC') THEN
      NEW.zone := 'UTC';
    ELSIF NEW.reset_date = guide_month_end(session_zone) THEN
      NEW.zone := session_zone;
    ELSE
      RAISE EXCEPTION 'ai_token_budgets: reset_date % is not the first of next month', NEW.reset_date USING ERRCODE = 'check_violation',
        HINT = format('Budgets here are of calendar months: %s in UTC, or leave it out.', guide_month_end('UTC'));
    END IF;
  ELSIF (NEW.tenant_id, NEW.model) <> (OLD.tenant_id, OLD.model) THEN
    RAISE EXCEPTION 'ai_token_budgets: a budget keeps its tenant_id and model' USING ERRCODE = 'check_violation',
      HINT = 'Insert another row, and set this one''s monthly_limit_usd.';
  ELSIF NEW.reset_date NOT IN (OLD.reset_date, guide_month_end(OLD.zone), guide_month_end('UTC'), guide_month_end(session_zone)) THEN
    RAISE EXCEPTION 'ai_token_budgets: reset_date % is not the first of next month', NEW.reset_date USING ERRCODE = 'check_violation',
      HINT = 'Leave it out: a budget begins anew by itself. To begin a month anew now, set current_usage_usd to 0.';
  ELSE
    -- An existing budget's months stay those of its own zone.
    NEW.reset_date := OLD.reset_date;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guide_budget_check_new BEFORE INSERT ON guide_budget FOR EACH ROW WHEN (NEW.mirrored = 0) EXECUTE FUNCTION guide_budget_check();
CREATE TRIGGER guide_budget_check BEFORE UPDATE ON guide_budget FOR EACH ROW WHEN (NEW.mirrored = OLD.mirrored) EXECUTE FUNCTION guide_budget_check();

CREATE FUNCTION guide_budget_wish() RETURNS TRIGGER LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  INSERT INTO guide_wish (at, role, kind, tenant_id, model, limit_nano, zone)
  VALUES (store_clock(), session_user, 'set', NEW.tenant_id, NEW.model, NEW.monthly_limit_usd * 1000000000, NEW.zone);
  PERFORM pg_notify('ballast', '{"kind":"wished"}');
  RETURN NULL;
END $$;
CREATE TRIGGER guide_budget_wish_new AFTER INSERT ON guide_budget FOR EACH ROW WHEN (NEW.mirrored = 0) EXECUTE FUNCTION guide_budget_wish();
CREATE TRIGGER guide_budget_wish AFTER UPDATE OF monthly_limit_usd ON guide_budget FOR EACH ROW WHEN (NEW.mirrored = OLD.mirrored) EXECUTE FUNCTION guide_budget_wish();

-- The guide's table. INSERT goes through to guide_budget, with ON CONFLICT; UPDATE to the trigger below, which sees what is computed here.
CREATE VIEW ai_token_budgets AS
SELECT
  g.tenant_id, g.model, g.monthly_limit_usd,
  COALESCE((SELECT a.spent_nano * 0.000000001 FROM account a WHERE a.budget_id = g.budget_id AND a.window_start <= extract(epoch FROM NOW()) * 1000 AND a.window_end > extract(epoch FROM NOW()) * 1000), 0.000000000) AS current_usage_usd,
  COALESCE((SELECT a.input_tokens FROM account a WHERE a.budget_id = g.budget_id AND a.window_start <= extract(epoch FROM NOW()) * 1000 AND a.window_end > extract(epoch FROM NOW()) * 1000), 0) AS token_count_input,
  COALESCE((SELECT a.output_tokens FROM account a WHERE a.budget_id = g.budget_id AND a.window_start <= extract(epoch FROM NOW()) * 1000 AND a.window_end > extract(epoch FROM NOW()) * 1000), 0) AS token_count_output,
  g.reset_date,
  EXISTS (
    SELECT 1 FROM account a JOIN threshold_crossing c ON c.account_id = a.id JOIN budget b ON b.id = a.budget_id
    WHERE a.budget_id = g.budget_id AND a.window_start <= extract(epoch FROM NOW()) * 1000 AND a.window_end > extract(epoch FROM NOW()) * 1000 AND c.percent >= b.warn_percent
  ) AS soft_limit_notified,
  COALESCE((SELECT a.hard = 1 AND a.spent_nano + a.in_doubt_nano >= a.limit_nano FROM account a WHERE a.budget_id = g.budget_id AND a.window_start <= extract(epoch FROM NOW()) * 1000 AND a.window_end > extract(epoch FROM NOW()) * 1000), g.monthly_limit_usd = 0) AS hard_limit_reached,
  g.created_at, g.updated_at,
  -- Whether the ledger has still to take what was written here.
  EXISTS (SELECT 1 FROM guide_wish w WHERE w.tenant_id = g.tenant_id AND w.model = g.model) AS pending
FROM guide_budget g;

CREATE FUNCTION guide_budget_update() RETURNS TRIGGER LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  credited BIGINT;
BEGIN
  IF NEW.current_usage_usd IS NULL OR NEW.current_usage_usd < 0 OR NEW.current_usage_usd > OLD.current_usage_usd THEN
    RAISE EXCEPTION 'ai_token_budgets: current_usage_usd cannot become %', COALESCE(NEW.current_usage_usd::text, 'NULL') USING ERRCODE = 'check_violation',
      HINT = 'It can be lowered, which is a reset. Usage is booked by calls and by POST /api/ai-budget/track.';
  END IF;
  IF NEW.current_usage_usd <> round(NEW.current_usage_usd, 9) THEN
    RAISE EXCEPTION 'ai_token_budgets: current_usage_usd % has more than 9 decimal places', NEW.current_usage_usd USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.token_count_input IS NULL OR NEW.token_count_input NOT BETWEEN 0 AND OLD.token_count_input
    OR NEW.token_count_output IS NULL OR NEW.token_count_output NOT BETWEEN 0 AND OLD.token_count_output THEN
    RAISE EXCEPTION 'ai_token_budgets: token counts can only be lowered' USING ERRCODE = 'check_violation',
      HINT = 'Usage is booked by calls and by POST /api/ai-budget/track.';
  END IF;
  IF NEW.hard_limit_reached AND NOT OLD.hard_limit_reached OR NEW.soft_limit_notified AND NOT OLD.soft_limit_notified THEN
    RAISE EXCEPTION 'ai_token_budgets: hard_limit_reached and soft_limit_notified cannot be set' USING ERRCODE = 'check_violation',
      HINT = 'They follow from usage and limit. To stop a tenant, set monthly_limit_usd to 0.';
  END IF;
  -- The budget's own triggers check what follows, and write the wish where the limit changes.
  IF (NEW.tenant_id, NEW.model, NEW.reset_date) IS DISTINCT FROM (OLD.tenant_id, OLD.model, OLD.reset_date) OR NEW.monthly_limit_usd IS NULL THEN
    UPDATE guide_budget SET tenant_id = NEW.tenant_id, model = NEW.model, reset_date = NEW.reset_date, monthly_limit_usd = NEW.monthly_limit_usd
    WHERE tenant_id = OLD.tenant_id AND model = OLD.model;
  ELSIF NEW.monthly_limit_usd <> OLD.monthly_limit_usd THEN
    UPDATE guide_budget SET monthly_limit_usd = NEW.monthly_limit_usd, updated_at = NOW() WHERE tenant_id = OLD.tenant_id AND model = OLD.model;
  END IF;
  IF (NEW.current_usage_usd, NEW.token_count_input, NEW.token_count_output) <> (OLD.current_usage_usd, OLD.token_count_input, OLD.token_count_output) THEN
    SELECT a.credited_nano INTO credited FROM guide_budget g JOIN account a ON a.budget_id = g.budget_id
    WHERE g.tenant_id = OLD.tenant_id AND g.model = OLD.model
      AND a.window_start <= extract(epoch FROM NOW()) * 1000 AND a.window_end > extract(epoch FROM NOW()) * 1000;
    INSERT INTO guide_wish (at, role, kind, tenant_id, model, credit_nano, credited_before, input_tokens, output_tokens)
    VALUES (
      extract(epoch FROM NOW()) * 1000, session_user, 'reset', OLD.tenant_id, OLD.model, (OLD.current_usage_usd - NEW.current_usage_usd) * 1000000000, credited,
      OLD.token_count_input - NEW.token_count_input, OLD.token_count_output - NEW.token_count_output
    );
    PERFORM pg_notify('ballast', '{"kind":"wished"}');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guide_budget_update INSTEAD OF UPDATE ON ai_token_budgets FOR EACH ROW EXECUTE FUNCTION guide_budget_update();

CREATE FUNCTION guide_refuse() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  IF TG_TABLE_NAME = 'ai_token_budgets' THEN
    RAISE EXCEPTION 'ai_token_budgets: a budget cannot be deleted' USING ERRCODE = 'feature_not_supported',
      HINT = 'What was booked on it stays. To stop a tenant set monthly_limit_usd to 0, to let it spend raise it.';
  END IF;
  RAISE EXCEPTION 'ai_token_usage: what was used is not written by SQL' USING ERRCODE = 'feature_not_supported',
    HINT = 'Book it with POST /api/ai-budget/track; correct a call in doubt with ballast.';
END $$;
CREATE TRIGGER guide_budget_delete INSTEAD OF DELETE ON ai_token_budgets FOR EACH ROW EXECUTE FUNCTION guide_refuse();

-- A trace as JSON that PostgreSQL can read: it has no NUL and no half surrogates in text, JSON has both.
CREATE FUNCTION guide_trace(payload TEXT) RETURNS json LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
  'SELECT CASE WHEN strpos(payload, ''\u'') = 0 THEN payload ELSE regexp_replace(payload, ''\\u(0000|[dD][89a-fA-F][0-9a-fA-F]{2})'', ''\\ufffd'', ''g'') END::json';

-- What the call of a trace used and cost: one row, or none for a call that was never made. The same calls as in the warehouse's questions.
CREATE FUNCTION guide_usage_of(payload TEXT) RETURNS SETOF guide_usage LANGUAGE sql STABLE AS $$
  SELECT t.trace_id, COALESCE(t.tenant, ''), t.ts, COALESCE(t.model_id, ''), COALESCE(t.report_type, ''), COALESCE(t.prompt_tokens, 0), COALESCE(t.gen_tokens, 0),
    CASE WHEN t.cost_basis IN ('in_doubt', 'unpriced') THEN NULL ELSE t.unit_cost_usd END, COALESCE(t.response_id, '')
  FROM json_to_record(guide_trace(payload)) AS t (
    trace_id TEXT, ts TIMESTAMPTZ, tenant TEXT, model_id TEXT, report_type TEXT, prompt_tokens BIGINT, gen_tokens BIGINT, unit_cost_usd NUMERIC, cost_basis TEXT,
    response_id TEXT, outcome TEXT
  )
  WHERE t.trace_id IS NOT NULL AND t.ts IS NOT NULL AND t.outcome NOT IN ('refused', 'rejected', 'replayed')
$$;

-- Traces that wait in the outbox, the newest of each call.
CREATE VIEW guide_usage_waiting AS
SELECT DISTINCT ON (t.trace_id) t.trace_id, t.tenant_id, t.timestamp, t.model, t.report_type, t.prompt_tokens, t.completion_tokens, t.cost_usd, t.request_id
FROM outbox o CROSS JOIN LATERAL guide_usage_of(o.payload) AS t
WHERE o.topic = 'request_trace'
ORDER BY t.trace_id, o.seq DESC;

-- Carries traces that are about to leave the outbox over into guide_usage, and forgets what is too old to be kept. A trace that cannot be read
-- is told of and left out: the outbox does not stop for it.
CREATE FUNCTION guide_keep_usage(seqs json, usage_days BIGINT) RETURNS BIGINT LANGUAGE plpgsql AS $$
DECLARE
  numbers BIGINT[] := ARRAY(SELECT json_array_elements_text(seqs)::bigint);
  own BIGINT;
  kept BIGINT := 0;
BEGIN
  -- More than a batch of traces, so that it comes to an end.
  DELETE FROM guide_usage WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM guide_usage WHERE timestamp < NOW() - usage_days * INTERVAL '1 day' ORDER BY timestamp LIMIT 10000
  ));
  IF usage_days = 0 THEN
    RETURN 0;
  END IF;
  BEGIN
    RETURN guide_keep_rows(numbers);
  EXCEPTION WHEN data_exception THEN
    FOREACH own IN ARRAY numbers LOOP
      BEGIN
        kept := kept + guide_keep_rows(ARRAY[own]);
      EXCEPTION WHEN data_exception THEN
        RAISE WARNING 'ai_token_usage: outbox row % cannot be read: %', own, SQLERRM;
      END;
    END LOOP;
    RETURN kept;
  END;
END $$;

CREATE FUNCTION guide_keep_rows(numbers BIGINT[]) RETURNS BIGINT LANGUAGE plpgsql AS $$
DECLARE
  kept BIGINT;
BEGIN
  INSERT INTO guide_usage (trace_id, tenant_id, timestamp, model, report_type, prompt_tokens, completion_tokens, cost_usd, request_id)
  SELECT DISTINCT ON (t.trace_id) t.trace_id, t.tenant_id, t.timestamp, t.model, t.report_type, t.prompt_tokens, t.completion_tokens, t.cost_usd, t.request_id
  FROM outbox o CROSS JOIN LATERAL guide_usage_of(o.payload) AS t
  WHERE o.seq = ANY (numbers) AND o.topic = 'request_trace'
  ORDER BY t.trace_id, o.seq DESC
  ON CONFLICT (trace_id) DO UPDATE SET
    prompt_tokens = EXCLUDED.prompt_tokens, completion_tokens = EXCLUDED.completion_tokens, cost_usd = EXCLUDED.cost_usd, model = EXCLUDED.model,
    request_id = EXCLUDED.request_id;
  GET DIAGNOSTICS kept = ROW_COUNT;
  RETURN kept;
END $$;

-- The guide's log of usage: what has left the outbox, and what waits in it. A call may be in both: while it is carried over, and when it was in
-- doubt and has been resolved just now.
CREATE VIEW ai_token_usage AS
SELECT u.trace_id AS id, u.tenant_id, u.timestamp, u.model, u.report_type, u.prompt_tokens, u.completion_tokens, u.cost_usd, u.request_id
FROM guide_usage u
WHERE u.cost_usd IS NOT NULL OR NOT EXISTS (SELECT 1 FROM guide_usage_waiting w WHERE w.trace_id = u.trace_id)
UNION ALL
SELECT w.trace_id, w.tenant_id, w.timestamp, w.model, w.report_type, w.prompt_tokens, w.completion_tokens, w.cost_usd, w.request_id
FROM guide_usage_waiting w
WHERE NOT EXISTS (SELECT 1 FROM guide_usage u WHERE u.trace_id = w.trace_id AND u.cost_usd IS NOT NULL);
CREATE TRIGGER guide_usage_refuse INSTEAD OF INSERT OR UPDATE OR DELETE ON ai_token_usage FOR EACH ROW EXECUTE FUNCTION guide_refuse();

-- Functions find the ledger's tables and nothing that a caller puts before them.
DO $$
DECLARE
  own RECORD;
BEGIN
  FOR own IN SELECT p.oid::regprocedure AS name FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace AND p.proname LIKE 'guide\_%' AND p.proname <> 'guide_trace' LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', own.name, current_schema());
  END LOOP;
END $$;
