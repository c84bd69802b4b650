import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type PostgresServer, postgresIsHere, postgresPrograms, startPostgres } from "../../../test/servers/postgres-server.ts";
import { MOST_LIMIT_NANO } from "../../contract/most-amounts.ts";
import { accountId, type Budget } from "../../core/ledger/budget.ts";
import { formatUsd, usd } from "../../core/money/usd.ts";
import { windowAt } from "../../core/time/window.ts";
import { startJobs } from "../../jobs.ts";
import type { LedgerStore } from "../../ports/ledger-store.ts";
import { BudgetCatalog } from "./budget-catalog.ts";
import { CallJournal } from "./call-journal.ts";
import { KeyRing } from "./key-ring.ts";
import { LeaseDesk } from "./lease-desk.ts";
import { aBudget, anEnding, CHANGE } from "./ledger-store-conformance.ts";
import { LeverBoard } from "./lever-board.ts";
import { ProcessLife } from "./process-life.ts";
import { openPostgresLedgerStore } from "./sqlite-ledger-store.ts";

const SONNET = "claude-3-5-sonnet-20241022";

/** What the guide prints, to the letter. */
const SET_BUDGETS = `-- Set budget for multiple tenants
INSERT INTO ai_token_budgets (tenant_id, model, monthly_limit_usd, reset_date)
VALUES
  ('tenant-startup-a', 'claude-3-5-sonnet-20241022', 500.00, DATE_TRUNC('month', NOW()) + INTERVAL '1 month'),
  ('tenant-enterprise-b', 'claude-3-5-sonnet-20241022', 50000.00, DATE_TRUNC('month', NOW()) + INTERVAL '1 month')
ON CONFLICT (tenant_id, model)
DO UPDATE SET
  monthly_limit_usd = EXCLUDED.monthly_limit_usd,
  updated_at = NOW();`;
const USAGE_PATTERNS = `SELECT
     DATE_TRUNC('day', timestamp) AS date,
     COUNT(*) AS requests,
     SUM(prompt_tokens + completion_tokens) AS total_tokens,
     SUM(cost_usd) AS total_cost,
     report_type
   FROM ai_token_usage
   WHERE tenant_id = 'TENANT_ID'
     AND timestamp >= NOW() - INTERVAL '30 days'
   GROUP BY date, report_type
   ORDER BY date DESC;`;
const RESET = `-- Reset budget mid-month (admin only)
UPDATE ai_token_budgets
SET
  current_usage_usd = 0,
  token_count_input = 0,
  token_count_output = 0,
  hard_limit_reached = false,
  soft_limit_notified = false
WHERE tenant_id = 'TENANT_ID';`;
const APPROACHING = `SELECT
  tenant_id,
  model,
  monthly_limit_usd,
  current_usage_usd,
  ROUND((current_usage_usd / monthly_limit_usd * 100)::numeric, 2) AS percentage_used
FROM ai_token_budgets
WHERE current_usage_usd >= monthly_limit_usd * 0.8
ORDER BY percentage_used DESC;`;
const COST_DRIVERS = `SELECT
  tenant_id,
  report_type,
  COUNT(*) AS requests,
  SUM(cost_usd) AS total_cost,
  AVG(cost_usd) AS avg_cost
FROM ai_token_usage
WHERE timestamp >= NOW() - INTERVAL '7 days'
GROUP BY tenant_id, report_type
ORDER BY total_cost DESC
LIMIT 10;`;

const NEW = "INSERT INTO ai_token_budgets (tenant_id, model, monthly_limit_usd) VALUES";
/** With a part of what is said. */
const REFUSED: readonly (readonly [string, string])[] = [
  [`${NEW} ('a', 'm', -1)`, "no monthly_limit_usd"],
  [`${NEW} ('a', 'm', 'NaN')`, "no monthly_limit_usd"],
  [`${NEW} ('a', 'm', 'Infinity')`, "no monthly_limit_usd"],
  [`${NEW} ('a', 'm', NULL)`, "no monthly_limit_usd"],
  [`${NEW} ('a', 'm', ${formatUsd(MOST_LIMIT_NANO + 1n)})`, "no monthly_limit_usd"],
  [`${NEW} ('a', 'm', 0.0000000001)`, "9 decimal places"],
  [`${NEW} ('a,b', 'm', 1)`, "no tenant_id"],
  [`${NEW} (NULL, 'm', 1)`, "no tenant_id"],
  [`${NEW} ('a', '', 1)`, "no model"],
  [`${NEW} ('${"a".repeat(129)}', 'm', 1)`, "no tenant_id"],
  [
    "INSERT INTO ai_token_budgets (tenant_id, model, monthly_limit_usd, reset_date) VALUES ('a', 'm', 1, NOW() + INTERVAL '3 days')",
    "first of next month",
  ],
  ["INSERT INTO ai_token_budgets (tenant_id, model, monthly_limit_usd, current_usage_usd) VALUES ('a', 'm', 1, 1)", "current_usage_usd"],
  ["UPDATE ai_token_budgets SET monthly_limit_usd = -1", "no monthly_limit_usd"],
  ["UPDATE ai_token_budgets SET monthly_limit_usd = NULL", "no monthly_limit_usd"],
  ["UPDATE ai_token_budgets SET current_usage_usd = 1", "cannot become 1"],
  ["UPDATE ai_token_budgets SET current_usage_usd = NULL", "cannot become NULL"],
  ["UPDATE ai_token_budgets SET token_count_input = 5", "only be lowered"],
  ["UPDATE ai_token_budgets SET hard_limit_reached = true", "cannot be set"],
  ["UPDATE ai_token_budgets SET tenant_id = 'other'", "keeps its tenant_id"],
  ["UPDATE ai_token_budgets SET reset_date = NOW()", "first of next month"],
  ["DELETE FROM ai_token_budgets", "cannot be deleted"],
  ["INSERT INTO ai_token_usage (tenant_id, cost_usd) VALUES ('a', 0)", "not written by SQL"],
];

/** In the end; a machine that is busy with other tests is slow. */
function soon<T>(look: () => T) {
  return expect.poll(look, { timeout: 10_000, interval: 10 });
}

interface Gateway {
  readonly store: LedgerStore;
  readonly budgets: BudgetCatalog;
  readonly desk: LeaseDesk;
  readonly stop: () => Promise<void>;
}

if (postgresIsHere()) {
  describe("the guide's tables", () => {
    const now = () => Date.now();
    let server: PostgresServer;
    let url: string;
    let folder: string;
    let owner: postgres.Sql;
    let finops: postgres.Sql;
    let calls = 0;
    const running: Gateway[] = [];

    beforeAll(async () => {
      server = await startPostgres();
      owner = postgres(await server.database(), { max: 1 });
      await owner.unsafe("CREATE ROLE finops LOGIN; CREATE ROLE nobody LOGIN");
      await owner.end();
    });
    afterAll(() => server.close());
    beforeEach(async () => {
      url = await server.database();
      folder = mkdtempSync(join(tmpdir(), "ballast-guide-tables-"));
      await gateway("one");
      owner = postgres(url, { max: 1, onnotice: () => {} });
      await owner.unsafe("GRANT SELECT, INSERT, UPDATE, DELETE ON ai_token_budgets, ai_token_usage TO finops");
      finops = as("finops");
    });
    afterEach(async () => {
      await Promise.all([owner.end(), finops.end()]);
      for (const { stop } of running.splice(0)) await stop();
      rmSync(folder, { recursive: true, force: true });
    });

    const as = (role: string) => postgres(url.replace("ballast@", `${role}@`), { max: 1, onnotice: () => {} });

    /** One gateway process as serve.ts starts it, without its doors. */
    async function gateway(name: string): Promise<Gateway> {
      const options = { folder: join(folder, name), postgresUrl: url, bootId: "boot-1", openedAt: now(), name, usageDays: 30 };
      const store = await openPostgresLedgerStore(options, now);
      const budgets = await BudgetCatalog.open(store, null);
      const journal = new CallJournal(join(folder, name), store.epoch);
      const desk = new LeaseDesk({ store, catalog: budgets, journal, beforeRetry: async () => {}, recallWaitMs: 250 });
      const life = new ProcessLife({
        store,
        budgets,
        keys: await KeyRing.open(store, now),
        desk,
        levers: new LeverBoard(),
        log: { warn: () => {} },
      });
      const log = { info: () => {}, warn: () => {}, error: () => {} };
      const event = { source: "test", dashboardUrl: undefined } as never;
      const notify = { channels: [], routes: [], retry: { attempts: 1 } as never, event, keepDays: 1 };
      const parts = { store, warehouse: undefined, desk, life, budgets, spool: join(folder, "spool"), now, random: () => 0.5, log, notify };
      const stopJobs = startJobs(parts as never);
      const started = {
        store,
        budgets,
        desk,
        async stop() {
          await stopJobs();
          await desk.giveBackIdle("all", now());
          journal.close();
          await store.close();
        },
      };
      running.push(started);
      return started;
    }

    const limits = ({ budgets }: Gateway) => Object.fromEntries(budgets.all().map(({ id, limitNano }) => [id, formatUsd(limitNano)]));
    const idOf = (tenant: string) => `tenant=${tenant},model=${SONNET}`;
    const rows = (where = "true") => finops.unsafe(`SELECT * FROM ai_token_budgets WHERE ${where} ORDER BY tenant_id, model`);
    /** The ledger has what was written, and every process knows. */
    const taken = async () => {
      await soon(async () => (await rows("pending")).length).toBe(0);
      for (const each of running) {
        const stored = (await each.store.budgets()).map(({ id, limitNano }) => [id, formatUsd(limitNano)]);
        await soon(() => limits(each)).toEqual(Object.fromEntries(stored));
      }
    };
    const sound = async () => expect((await running[0]!.store.verify()).findings).toEqual([]);
    const audited = async (action: string) => (await running[0]!.store.audit(100)).filter((row) => row.action === action);

    async function call({ desk }: Gateway, tenant: string, costUsd: string, more: Record<string, unknown> = {}) {
      const holdId = `h${++calls}`;
      const nano = usd(costUsd);
      const result = await desk.hold(holdId, [{ tenant, provider: "p", model: SONNET }], nano, now());
      if (result.outcome === "refused") return "refused";
      const trace = {
        trace_id: holdId,
        ts: new Date(now()).toISOString(),
        tenant,
        model_id: SONNET,
        prompt_tokens: 100,
        gen_tokens: 50,
        unit_cost_usd: costUsd,
        outcome: "complete",
        cost_basis: "measured",
        ...more,
      };
      const { accounts, amountNano: heldNano } = result.hold;
      const tokens = { inputTokens: 100, outputTokens: 50 };
      const ended = { kind: "settle", holdId, accounts, heldNano, amountNano: nano, ...tokens, at: now(), tenant } as const;
      await desk.end({ ...ended, trace: JSON.stringify(trace) });
      await soon(() => desk.openHolds()).toBe(0);
      return "carried";
    }

    it("bulk insert makes budgets that every running process enforces within a second, with an audit entry in the name of the role", async () => {
      const one = running[0]!;
      const two = await gateway("two");
      const begun = Date.now();
      expect((await finops.unsafe(SET_BUDGETS)).count).toBe(2);
      const wanted = { [idOf("tenant-startup-a")]: "500", [idOf("tenant-enterprise-b")]: "50000" };
      for (const each of [one, two]) await soon(() => limits(each)).toEqual(wanted);
      expect(Date.now() - begun).toBeLessThan(1000);
      expect(await call(two, "tenant-startup-a", "499")).toBe("carried");
      expect(await call(one, "tenant-startup-a", "2")).toBe("refused");
      expect(await call(one, "tenant-enterprise-b", "2")).toBe("carried");
      const entries = await audited("budget.set");
      expect(entries.map(({ actor, target }) => `${actor} ${target}`).sort()).toEqual(
        Object.keys(wanted)
          .map((id) => `sql:finops ${id}`)
          .sort(),
      );
      expect(one.budgets.get(idOf("tenant-startup-a"))).toMatchObject({ hard: true, window: "month", zone: "UTC", covers: "all" });
      await sound();
    });

    it("psql carries out every statement as it is printed", async () => {
      const psql = join(postgresPrograms()!, "psql");
      const options = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", url.replace("ballast@", "finops@")];
      const said = (...statements: string[]) => execFileSync(psql, options, { input: statements.join("\n"), encoding: "utf8" }).trim();
      expect(said(SET_BUDGETS.replace("tenant-startup-a", "TENANT_ID"))).toBe("");
      await taken();
      await call(running[0]!, "TENANT_ID", "450", { report_type: "annual" });
      expect(said(APPROACHING)).toBe(`TENANT_ID|${SONNET}|500.000000000|450.000000000|90.00`);
      expect(said(RESET, USAGE_PATTERNS, COST_DRIVERS)).toMatch(/^[-0-9: +]+\|1\|150\|450\|annual\nTENANT_ID\|annual\|1\|450\|450\.0+$/);
      await taken();
      expect(said(APPROACHING)).toBe("");
    });

    it("the same insert again changes the limit of open accounts, by an entry, lower ones too", async () => {
      const one = running[0]!;
      await finops.unsafe(SET_BUDGETS);
      await taken();
      expect(await call(one, "tenant-startup-a", "100")).toBe("carried");
      expect((await finops.unsafe(SET_BUDGETS.replace("500.00", "120.5"))).count).toBe(2);
      await taken();
      await soon(() => limits(one)[idOf("tenant-startup-a")]).toBe("120.5");
      expect(await call(one, "tenant-startup-a", "21")).toBe("refused");
      expect(await call(one, "tenant-startup-a", "20.5")).toBe("carried");
      const [row] = await rows("tenant_id = 'tenant-startup-a'");
      expect(row).toMatchObject({
        monthly_limit_usd: "120.500000000",
        current_usage_usd: "120.500000000",
        hard_limit_reached: true,
        pending: false,
      });
      const kinds = await owner.unsafe("SELECT kind, amount_nano FROM entry WHERE kind = 'set_limit' ORDER BY seq");
      expect(kinds.map(({ amount_nano }) => amount_nano)).toEqual(["120500000000"]);
      await sound();
    });

    it("the reset of the guide is a credit of the ledger: usage, tokens and flags are as new, and calls are carried again", async () => {
      const one = running[0]!;
      await finops.unsafe(SET_BUDGETS.replace("tenant-startup-a", "TENANT_ID"));
      await taken();
      expect(await call(one, "TENANT_ID", "499.5")).toBe("carried");
      expect(await call(one, "TENANT_ID", "1")).toBe("refused");
      const used = { current_usage_usd: "499.500000000", token_count_input: "100", token_count_output: "50", soft_limit_notified: true };
      expect(await rows("tenant_id = 'TENANT_ID'")).toMatchObject([used]);
      expect((await finops.unsafe(RESET)).count).toBe(1);
      await taken();
      const anew = { current_usage_usd: "0.000000000", token_count_input: "0", token_count_output: "0", soft_limit_notified: false };
      expect(await rows("tenant_id = 'TENANT_ID'")).toMatchObject([
        { ...anew, hard_limit_reached: false, monthly_limit_usd: "500.000000000" },
      ]);
      expect(await call(one, "TENANT_ID", "400")).toBe("carried");
      expect(await owner.unsafe("SELECT amount_nano FROM entry WHERE kind = 'credit'")).toEqual([{ amount_nano: "499500000000" }]);
      expect(await audited("budget.reset")).toMatchObject([{ actor: "sql:finops", target: idOf("TENANT_ID") }]);
      // What was paid stays in the log of usage.
      expect((await finops.unsafe(USAGE_PATTERNS))[0]).toMatchObject({ total_cost: "899.5", requests: "2" });
      await sound();
    });

    it("a reset of a tenant that used nothing changes nothing, and one of part of the usage credits that part", async () => {
      const one = running[0]!;
      await finops.unsafe(SET_BUDGETS.replace("tenant-startup-a", "TENANT_ID"));
      await taken();
      expect((await finops.unsafe(RESET)).count).toBe(1);
      expect(await rows("pending")).toEqual([]);
      await call(one, "TENANT_ID", "10");
      // Before it is taken it counts once, however often it is said.
      const part = "UPDATE ai_token_budgets SET current_usage_usd = current_usage_usd - 4 WHERE tenant_id = 'TENANT_ID'";
      await finops.unsafe(`BEGIN; ${part}; ${part}; COMMIT`);
      await taken();
      expect(await rows("tenant_id = 'TENANT_ID'")).toMatchObject([{ current_usage_usd: "6.000000000", token_count_input: "100" }]);
      await sound();
    });

    it("the guide's diagnosis and usage queries answer what the ledger booked, before and after traces left the outbox", async () => {
      const one = running[0]!;
      await finops.unsafe(SET_BUDGETS.replace("tenant-startup-a", "TENANT_ID"));
      await taken();
      await call(one, "TENANT_ID", "300", { report_type: "annual" });
      await call(one, "TENANT_ID", "150.25", { report_type: "annual", response_id: "odd \u0000 \ud800 text" });
      await call(one, "tenant-enterprise-b", "0.000000001");
      const ask = async () => [await finops.unsafe(APPROACHING), await finops.unsafe(USAGE_PATTERNS), await finops.unsafe(COST_DRIVERS)];
      const before = await ask();
      const tenant = { tenant_id: "TENANT_ID", model: SONNET };
      expect(before[0]).toEqual([
        { ...tenant, monthly_limit_usd: "500.000000000", current_usage_usd: "450.250000000", percentage_used: "90.05" },
      ]);
      expect(before[1]).toMatchObject([{ requests: "2", total_tokens: "300", total_cost: "450.25", report_type: "annual" }]);
      expect(before[2]).toMatchObject([
        { tenant_id: "TENANT_ID", report_type: "annual", requests: "2", total_cost: "450.25", avg_cost: "225.1250000000000000" },
        { tenant_id: "tenant-enterprise-b", report_type: "", requests: "1", total_cost: "0.000000001" },
      ]);
      const waiting = await one.store.readOutbox("request_trace", 100);
      await one.store.ackOutbox(waiting.map(({ seq }) => seq));
      expect(await one.store.readOutbox("request_trace", 100)).toEqual([]);
      expect(await ask()).toEqual(before);
    });

    it("usage is each call once: in doubt without a cost, then with the one it was resolved at; refused calls are none", async () => {
      const { store } = running[0]!;
      await store.putBudget(aBudget(), CHANGE);
      const lease = { budgetId: "b", window: windowAt("month", "UTC", now()), missingNano: 100n };
      await store.lease({ at: now(), wants: [lease], create: [] });
      const trace = { trace_id: "d1", ts: new Date(now()).toISOString(), tenant: "a", model_id: "m", prompt_tokens: 1, gen_tokens: 2 };
      const ending = { at: now(), accounts: [accountId("b", lease.window)] };
      const doubt = JSON.stringify({ ...trace, outcome: "timeout", cost_basis: "in_doubt" });
      await store.end(anEnding("d1", "doubt", 0n, 100n, { ...ending, trace: doubt }));
      await store.end(
        anEnding("r1", "none", 0n, 0n, {
          ...ending,
          accounts: [],
          trace: JSON.stringify({ ...trace, trace_id: "r1", outcome: "refused" }),
        }),
      );
      const usage = () => finops.unsafe("SELECT id, cost_usd FROM ai_token_usage");
      const carry = async () => store.ackOutbox((await store.readOutbox("request_trace", 100)).map(({ seq }) => seq));
      expect(await usage()).toEqual([{ id: "d1", cost_usd: null }]);
      await carry();
      expect(await usage()).toEqual([{ id: "d1", cost_usd: null }]);
      await store.resolveDoubt({ holdId: "d1", amountNano: 60n, at: now(), actor: "t", reason: "bill" });
      expect(await usage()).toEqual([{ id: "d1", cost_usd: "0.00000006" }]);
      await carry();
      expect(await usage()).toEqual([{ id: "d1", cost_usd: "0.00000006" }]);
    });

    it("traces that cannot be read stop neither the outbox nor the others", async () => {
      const { store } = running[0]!;
      const good = {
        trace_id: "g1",
        ts: new Date(now()).toISOString(),
        tenant: "a",
        outcome: "complete",
        unit_cost_usd: "1",
        cost_basis: "measured",
      };
      for (const trace of [{ ...good, trace_id: "x", prompt_tokens: 1.5 }, {}, good])
        await store.end(anEnding(`n${++calls}`, "none", 0n, 0n, { accounts: [], trace: JSON.stringify(trace) }));
      await store.ackOutbox((await store.readOutbox("request_trace", 100)).map(({ seq }) => seq));
      expect((await store.outboxDepth()).waiting).toBe(0);
      expect((await finops.unsafe("SELECT id FROM ai_token_usage")).map(({ id }) => id)).toEqual(["g1"]);
    });

    it("usage older than it is kept for is forgotten with the next traces that are carried over", async () => {
      const old = `INSERT INTO guide_usage VALUES ('o1', 'a', NOW() - INTERVAL '31 days', 'm', '', 1, 1, 1, ''), ('o2', 'a', NOW() - INTERVAL '29 days', 'm', '', 1, 1, 1, '')`;
      await owner.unsafe(old);
      await running[0]!.store.ackOutbox([]);
      expect((await finops.unsafe("SELECT id FROM ai_token_usage")).map(({ id }) => id)).toEqual(["o2"]);
    });

    it("budgets that the API or a first call made are rows, with their raises in the limit", async () => {
      const { store } = running[0]!;
      const more = { id: "tenant=a", selector: { tenant: "a" }, limitNano: usd("1000"), covers: "rest" } as const;
      await store.putBudget(aBudget(more), CHANGE);
      await store.putBudget(aBudget({ id: "team", selector: { tenant: "a", team: "x" } }), CHANGE);
      await store.putBudget(aBudget({ id: "daily", selector: { tenant: "c" }, window: "day" }), CHANGE);
      const told = { approver: "CFO", reason: "launch", createdAt: now() };
      await store.raiseBudget(
        { id: "r", budgetId: "tenant=a", amountNano: usd("50"), beginsAt: now(), endsAt: now() + 60_000, ...told },
        "admin",
      );
      const row = {
        tenant_id: "a",
        model: "*",
        monthly_limit_usd: "1050.000000000",
        current_usage_usd: "0.000000000",
        hard_limit_reached: false,
      };
      expect(await rows()).toMatchObject([{ ...row, reset_date: new Date(windowAt("month", "UTC", now()).end) }]);
      await finops.unsafe("INSERT INTO ai_token_budgets (tenant_id, monthly_limit_usd) VALUES ('c', 7)");
      await taken();
      expect(
        running[0]!.budgets
          .all()
          .map(({ id }) => id)
          .sort(),
      ).toEqual(["daily", "team", "tenant=a", "tenant=c"].sort());
      expect(running[0]!.budgets.get("tenant=c")).toMatchObject({ window: "month", covers: "rest", limitNano: usd("7") });
    });

    it("months begin in the zone of the session that made the budget, and an existing one keeps its own", async () => {
      await finops.unsafe("SET TIME ZONE 'America/New_York'");
      await finops.unsafe(SET_BUDGETS);
      await taken();
      const zones = () => running[0]!.budgets.all().map(({ zone }: Budget) => zone);
      expect(zones()).toEqual(["America/New_York", "America/New_York"]);
      await finops.unsafe("SET TIME ZONE 'UTC'");
      await finops.unsafe(SET_BUDGETS.replace("updated_at = NOW()", "reset_date = EXCLUDED.reset_date"));
      await taken();
      expect(zones()).toEqual(["America/New_York", "America/New_York"]);
      expect((await rows())[0]!.reset_date).toEqual(new Date(windowAt("month", "America/New_York", now()).end));
    });

    it("refuses what cannot be a budget in the statement that wants it, and says why", async () => {
      const { store, budgets } = running[0]!;
      await store.putBudget(aBudget({ id: "tenant=z", selector: { tenant: "z" } }), CHANGE);
      for (const [statement, why] of REFUSED) {
        const answer = await finops.unsafe(statement).catch((error: Error) => error);
        expect.soft(answer, statement).toBeInstanceOf(Error);
        expect.soft((answer as Error).message, statement).toContain(why);
      }
      expect(await owner.unsafe("SELECT count(*)::int AS wishes FROM guide_wish")).toEqual([{ wishes: 0 }]);
      expect((await store.budgets()).map(({ id }) => id)).toEqual(["tenant=z"]);
      expect(budgets.get("tenant=a,model=m")).toBeUndefined();
    });

    it("takes the highest limit and names in other scripts, and refuses in the audit log what only the ledger can see", async () => {
      const most = `INSERT INTO ai_token_budgets (tenant_id, monthly_limit_usd) VALUES ('Müller 東京', ${formatUsd(MOST_LIMIT_NANO)}), ('sad ☹', 1)`;
      await finops.unsafe(most);
      await taken();
      await soon(() => running[0]!.budgets.all().map(({ limitNano }) => limitNano)).toEqual([MOST_LIMIT_NANO]);
      expect((await rows()).map(({ tenant_id }) => tenant_id)).toEqual(["Müller 東京"]);
      expect(await audited("budget.set.refused")).toMatchObject([
        { actor: "sql:finops", target: "sad ☹ *", reason: "that is no tenant id" },
      ]);
      await sound();
    });

    it("a role without a grant reads and writes nothing, and one with it reaches only the two tables", async () => {
      const nobody = as("nobody");
      await expect(nobody.unsafe("SELECT * FROM ai_token_budgets")).rejects.toThrow("permission denied");
      await expect(nobody.unsafe(SET_BUDGETS)).rejects.toThrow("permission denied");
      await nobody.end();
      for (const table of ["guide_budget", "guide_wish", "guide_usage", "budget", "account", "entry", "audit"])
        await expect(finops.unsafe(`SELECT * FROM ${table}`)).rejects.toThrow("permission denied");
      await owner.unsafe("REVOKE INSERT, UPDATE ON ai_token_budgets FROM finops");
      await expect(finops.unsafe(SET_BUDGETS)).rejects.toThrow("permission denied");
      expect(await rows()).toEqual([]);
    });

    it("a role may be let set limits, and not reset", async () => {
      await owner.unsafe("REVOKE ALL ON ai_token_budgets, ai_token_usage FROM finops");
      await owner.unsafe("GRANT SELECT, INSERT, UPDATE (monthly_limit_usd, reset_date, updated_at) ON ai_token_budgets TO finops");
      await finops.unsafe(SET_BUDGETS);
      await finops.unsafe(SET_BUDGETS);
      await finops.unsafe("UPDATE ai_token_budgets SET monthly_limit_usd = monthly_limit_usd + 1");
      await taken();
      await soon(() => limits(running[0]!)[idOf("tenant-startup-a")]).toBe("501");
      await expect(finops.unsafe(RESET)).rejects.toThrow("permission denied");
      await expect(finops.unsafe("SELECT * FROM ai_token_usage")).rejects.toThrow("permission denied");
    });

    it("tables that a role puts before the ledger's own catch nothing of it", async () => {
      await finops.unsafe("CREATE TEMP TABLE guide_wish (LIKE ai_token_usage)");
      await finops.unsafe(SET_BUDGETS);
      await soon(() => running[0]!.budgets.all().length).toBe(2);
    });

    it("an open transaction of somebody holds up no change of the ledger, and rolled back it leaves nothing", async () => {
      const { store, budgets } = running[0]!;
      await finops.unsafe(SET_BUDGETS);
      await taken();
      const id = idOf("tenant-startup-a");
      await finops.unsafe(
        `BEGIN; UPDATE ai_token_budgets SET monthly_limit_usd = 1; INSERT INTO ai_token_budgets (tenant_id, monthly_limit_usd) VALUES ('new', 1)`,
      );
      const begun = Date.now();
      await budgets.put({ ...budgets.get(id)!, limitNano: usd("70") }, CHANGE);
      await budgets.put(aBudget({ id: "tenant=new", selector: { tenant: "new" }, limitNano: usd("80") }), CHANGE);
      expect(Date.now() - begun).toBeLessThan(2000);
      await finops.unsafe("ROLLBACK");
      const shown = async () => (await rows()).map(({ monthly_limit_usd }) => Number(monthly_limit_usd));
      await soon(shown).toEqual([80, 50_000, 70]);
      expect((await store.audit(100)).filter(({ actor }) => actor === "sql:finops")).toHaveLength(2);
    });

    it("what was written while no process ran is taken by the next one", async () => {
      await running.pop()!.stop();
      await finops.unsafe(SET_BUDGETS);
      expect((await rows("pending")).length).toBe(2);
      const next = await gateway("one");
      await taken();
      await soon(() => Object.values(limits(next)).sort()).toEqual(["500", "50000"]);
    });

    it("a thousand budgets in one statement are all taken", async () => {
      await finops.unsafe(
        "INSERT INTO ai_token_budgets (tenant_id, model, monthly_limit_usd) SELECT 't' || n, 'm', n FROM generate_series(1, 1000) n ON CONFLICT (tenant_id, model) DO NOTHING",
      );
      await soon(() => running[0]!.budgets.all().length).toBe(1000);
      expect(running[0]!.budgets.get("tenant=t77,model=m")).toMatchObject({ limitNano: usd("77") });
      await sound();
    });
  });
} else it.skip("the guide's tables: skipped, there is no PostgreSQL here", () => {});
