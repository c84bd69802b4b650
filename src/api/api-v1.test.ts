import { describe, expect, it } from "vitest";
import { COST_GROUPS } from "../contract/cost-groups.ts";
import { COST_WINDOWS } from "../contract/costs-contract.ts";
import { usd } from "../core/money/usd.ts";
import type { CostsRow } from "../ports/warehouse.ts";
import { testApi } from "./api-test-kit.ts";

function costsRow(group: CostsRow["group"], cost: string, calls = 1): CostsRow {
  return {
    group,
    calls,
    refused: 1,
    cached: 0,
    unpriced: 0,
    in_doubt: 0,
    prompt_tokens: 10,
    gen_tokens: 5,
    cost_usd: cost,
    latency_ms_p50: 12.5,
    latency_ms_p95: null,
  };
}

describe("GET /api/v1/costs", () => {
  it("groups as asked, and its total is the exact sum of the rows", async () => {
    const { ask, warehouse } = await testApi();
    warehouse.costRows = [
      costsRow({ tenant: "a" }, "0.100000000000000001", 2),
      costsRow({ tenant: "b" }, "0.2"),
      costsRow({ tenant: "c" }, "90071992547409.93"),
    ];
    const { status, body } = await ask("GET", "/api/v1/costs?tenant=a&feature=search&window=7d&group_by=tenant");
    expect(status).toBe(200);
    expect(body).toMatchObject({ from: "2025-11-08T12:00:00.001Z", to: "2025-11-15T12:00:00.001Z", group_by: ["tenant"] });
    expect(body.rows[0]).toEqual({
      tenant: "a",
      calls: 2,
      refused: 1,
      cached: 0,
      unpriced: 0,
      in_doubt: 0,
      prompt_tokens: 10,
      gen_tokens: 5,
      cost_usd: "0.100000000000000001",
      latency_ms_p50: 12.5,
      latency_ms_p95: null,
    });
    expect(body.total).toEqual({
      calls: 4,
      refused: 3,
      cached: 0,
      unpriced: 0,
      in_doubt: 0,
      prompt_tokens: 30,
      gen_tokens: 15,
      cost_usd: "90071992547410.230000000000000001",
    });
    expect(warehouse.asked[0]).toMatchObject({ groupBy: ["tenant"], filter: { tenant: "a", feature: "search" } });
  });

  it("asks for the whole calendar month without a window, and for what lies between two instants", async () => {
    const { ask } = await testApi();
    expect((await ask("GET", "/api/v1/costs")).body).toMatchObject({ from: "2025-11-01T00:00:00.000Z", to: "2025-12-01T00:00:00.000Z" });
    const { body } = await ask("GET", "/api/v1/costs?from=2025-10-01&to=2025-10-15T10:00:00%2B02:00");
    expect(body).toMatchObject({ from: "2025-10-01T00:00:00.000Z", to: "2025-10-15T08:00:00.000Z", total: { cost_usd: "0", calls: 0 } });
  });

  it.each([
    ["an unknown filter", "tenat=a", "/tenat"],
    ["an unknown window", "window=2h", "/window"],
    ["an unknown group", "group_by=tenant,colour", "/group_by"],
    ["a group twice", "group_by=tenant,tenant", "/group_by"],
    ["window and from", "window=7d&from=2025-01-01", "/window"],
    ["to without from", "to=2025-01-01", "/from"],
    ["an empty period", "from=2025-01-02&to=2025-01-02", "/to"],
    ["a day that does not exist", "from=2025-02-30&to=2025-03-02", "/from"],
    ["an instant without zone", "from=2025-01-01T00:00:00", "/from"],
    ["a tenant twice", "tenant=a&tenant=b", "/tenant"],
    ["a tenant with a quote", "tenant=a%27%20OR%201", "/tenant"],
  ])("refuses %s", async (_, query, field) => {
    const { ask, warehouse } = await testApi();
    expect(await ask("GET", `/api/v1/costs?${query}`)).toMatchObject({ status: 400, body: { field } });
    expect(warehouse.asked).toHaveLength(0);
  });

  it.each([
    ["window=2h", "/window must be one of 1h, 24h, 7d, 30d, month.", COST_WINDOWS],
    ["window=", "/window must be one of 1h, 24h, 7d, 30d, month.", COST_WINDOWS],
    ["group_by=tenant,", `/group_by knows no ""; it is a list with commas of ${COST_GROUPS.join(", ")}.`, COST_GROUPS],
    ["from=soon", "/from is not a day or an instant such as 2026-11-01T00:00:00Z.", undefined],
    ["from=2025-01-01&from=2025-01-02", "/from is given more than once.", undefined],
    ["tenant=", "/tenant is empty.", undefined],
    ["colour=red", "/colour is not a field of the query.", undefined],
  ])("says of %s what is allowed, whether there is a warehouse or not", async (query, detail, allowed) => {
    for (const { ask } of [await testApi(), await testApi({ warehouse: undefined })]) {
      const { status, body } = await ask("GET", `/api/v1/costs?${query}`);
      expect([status, body.code, body.detail, body.allowed]).toEqual([400, "invalid_request", detail, allowed]);
    }
  });

  it("says so when there is no warehouse, or none that answers", async () => {
    const none = await testApi({ warehouse: undefined });
    expect(await none.ask("GET", "/api/v1/costs")).toMatchObject({ status: 503, body: { code: "warehouse_missing" } });
    const unwanted = await testApi({ warehouse: undefined, wantsWarehouse: false });
    expect((await unwanted.ask("GET", "/api/v1/costs")).body).toMatchObject({
      code: "warehouse_missing",
      detail: "No warehouse is configured (stores.warehouse: none), so calls are not kept for reports.",
    });
    const { ask, warehouse } = await testApi();
    warehouse.down = true;
    const answer = await ask("GET", "/api/v1/traces");
    expect(answer).toMatchObject({ status: 503, body: { code: "warehouse_unavailable" } });
    expect(answer.headers["retry-after"]).toBe("1");
  });
});

describe("GET /api/v1/traces", () => {
  it("answers with whole traces, as many as asked for", async () => {
    const { ask, store, warehouse } = await testApi();
    for (const id of ["r1", "r2"])
      await ask("POST", "/api/ai-budget/track", {
        body: { tenant_id: "acme", model: "sonnet", prompt_tokens: 1, completion_tokens: 2, request_id: id },
      });
    await warehouse.insertTraces(store.outbox.map(({ payload }) => payload));
    const { body } = await ask("GET", "/api/v1/traces?tenant=acme&limit=1");
    expect(body.traces).toHaveLength(1);
    expect(body.traces[0]).toMatchObject({ response_id: "r2", tenant: "acme" });
    expect(warehouse.asked[0]).toMatchObject({ limit: 1, filter: { tenant: "acme" } });
  });

  it.each(["0", "1001", "-1", "1e2", "ten", ""])("refuses a limit of %s", async (limit) => {
    const { ask } = await testApi();
    const problem = { code: "invalid_request", field: "/limit", detail: "/limit does not fit: How many rows at most, 1 to 1000." };
    expect(await ask("GET", `/api/v1/traces?limit=${limit}`)).toMatchObject({ status: 400, body: problem });
  });
});

describe("/api/v1/budgets", () => {
  it("sets a budget of a scope, audits it and shows it with its account", async () => {
    const { ask, store } = await testApi();
    const wish = {
      limit_usd: "12.5",
      window: "week",
      zone: "Europe/Berlin",
      hard: false,
      on_short: "fit",
      thresholds: [50, 90],
      warn_percent: 70,
      reason: "pilot",
    };
    const { status, body } = await ask("POST", "/api/v1/budgets/tenant=acme%2Cmodel=meta%2Fllama-3", { body: wish });
    expect(status).toBe(200);
    expect(body.budget).toEqual({
      id: "tenant=acme,model=meta%2Fllama-3,window=week",
      scope: { tenant: "acme", model: "meta/llama-3" },
      limit_usd: "12.5",
      window: "week",
      zone: "Europe/Berlin",
      hard: false,
      on_short: "fit",
      on_store_down: "deny",
      thresholds: [50, 90],
      warn_percent: 70,
      covers: "all",
      tier: null,
      origin: "api",
      raises: [],
      account: {
        id: "tenant=acme,model=meta%2Fllama-3,window=week@2025-11-09T23:00:00.000Z",
        window_start: "2025-11-09T23:00:00.000Z",
        window_end: "2025-11-16T23:00:00.000Z",
        limit_usd: "12.5",
        spent_usd: "0",
        credited_usd: "0",
        held_usd: "0",
        in_doubt_usd: "0",
        leased_usd: "0",
        free_usd: "12.5",
        overrun_usd: "0",
        percent_used: 0,
      },
    });
    expect((await ask("GET", "/api/v1/budgets", { token: null })).body.budgets).toEqual([body.budget]);
    expect(store.auditRows).toMatchObject([{ actor: "admin", action: "budget.set", reason: "pilot" }]);
  });

  it("lists budgets page by page, in the order of their ids, also when they change between two pages", async () => {
    const { ask } = await testApi();
    for (const team of ["d", "b", "a", "c"]) await ask("POST", `/api/v1/budgets/team=${team}`, { body: { limit_usd: 5 } });
    const page = async (query: string) => (await ask("GET", `/api/v1/budgets?${query}`)).body;
    const idsOf = ({ budgets }: { budgets: { id: string }[] }) => budgets.map(({ id }) => id);
    const first = await page("limit=2");
    expect([idsOf(first), first.next]).toEqual([["team=a", "team=b"], "team=b"]);
    await ask("POST", "/api/v1/budgets/team=b", { body: { limit_usd: 6 } });
    const second = await page(`limit=2&after=${encodeURIComponent(first.next)}`);
    expect([idsOf(second), second.next]).toEqual([["team=c", "team=d"], null]);
    expect(await page("after=team%3Dd")).toEqual({ budgets: [], next: null });
    expect((await ask("GET", "/api/v1/budgets?limit=5000")).status).toBe(400);
  });

  it("leaves what is not named as it was", async () => {
    const { ask } = await testApi();
    await ask("POST", "/api/v1/budgets/team=core", { body: { limit_usd: 5, hard: false, zone: "Asia/Tokyo", thresholds: [10] } });
    const { body } = await ask("POST", "/api/v1/budgets/team=core", { body: { limit_usd: 7 } });
    expect(body.budget).toMatchObject({ id: "team=core", limit_usd: "7", hard: false, zone: "Asia/Tokyo", thresholds: [10] });
  });

  it("sets what becomes of a call that does not fit, with the model or the text that it takes", async () => {
    const { ask } = await testApi();
    const path = "/api/v1/budgets/tenant=acme";
    const fallback = { on_short: "fallback_model", fallback_model: "gpt-4o-mini" };
    expect((await ask("POST", path, { body: { limit_usd: 5, ...fallback } })).body.budget).toMatchObject(fallback);
    const template = { on_short: "template", template: "Ask again tomorrow.", on_store_down: "serve_from_lease" };
    await ask("POST", path, { body: { limit_usd: 5, ...template } });
    const { budgets } = (await ask("GET", "/api/v1/budgets")).body;
    expect(budgets[0]).toMatchObject({ ...fallback, ...template });
  });

  it("keeps what a tenant's default budget covers when its limit is set", async () => {
    const { ask } = await testApi();
    await ask("POST", "/api/ai-budget/track", {
      body: { tenant_id: "acme", model: "sonnet", prompt_tokens: 1_000_000, completion_tokens: 0 },
    });
    const { body } = await ask("POST", "/api/v1/budgets/tenant=acme", { body: { limit_usd: 2000 } });
    expect(body.budget).toMatchObject({ id: "tenant=acme", covers: "rest", origin: "api", account: { spent_usd: "3" } });
    expect((await ask("POST", "/api/v1/budgets/tenant=acme", { body: { limit_usd: 2000, covers: "all" } })).body.budget.covers).toBe("all");
  });

  it("reads an id as it is printed, and * as every call", async () => {
    const { ask } = await testApi();
    const { body } = await ask("POST", `/api/v1/budgets/${encodeURIComponent("tenant=a%2Fb")}`, { body: { limit_usd: 1 } });
    expect(body.budget).toMatchObject({ id: "tenant=a%2Fb", scope: { tenant: "a/b" } });
    expect((await ask("POST", "/api/v1/budgets/*", { body: { limit_usd: 1 } })).body.budget).toMatchObject({ id: "*", scope: {} });
  });

  it.each([
    ["an unknown dimension", "colour=red", { limit_usd: 1 }, { code: "invalid_scope" }],
    ["a word", "acme", { limit_usd: 1 }, { code: "invalid_scope" }],
    ["a dimension twice", "tenant=a,tenant=b", { limit_usd: 1 }, { code: "invalid_scope" }],
    ["an empty value", "tenant=", { limit_usd: 1 }, { code: "invalid_scope" }],
    ["no limit", "tenant=a", {}, { code: "invalid_request", field: "/limit_usd" }],
    ["a limit below zero", "tenant=a", { limit_usd: -1 }, { code: "amount_invalid", field: "/limit_usd" }],
    ["an unknown zone", "tenant=a", { limit_usd: 1, zone: "Mars/Olympus" }, { field: "/zone" }],
    ["an unknown window", "tenant=a", { limit_usd: 1, window: "fortnight" }, { field: "/window" }],
    ["a window of runs without a run", "tenant=a", { limit_usd: 1, window: "run" }, { field: "/window" }],
    ["a fallback without its model", "tenant=a", { limit_usd: 1, on_short: "fallback_model" }, { field: "/fallback_model" }],
    ["a template without its text", "tenant=a", { limit_usd: 1, on_short: "template" }, { field: "/template" }],
    ["a fallback model that is no name", "tenant=a", { limit_usd: 1, fallback_model: "<x>" }, { field: "/fallback_model" }],
    ["thresholds that fall", "tenant=a", { limit_usd: 1, thresholds: [80, 50] }, { field: "/thresholds" }],
    ["half a percent", "tenant=a", { limit_usd: 1, warn_percent: 80.5 }, { field: "/warn_percent" }],
    ["hard as text", "tenant=a", { limit_usd: 1, hard: "true" }, { field: "/hard" }],
    ["rest of a team", "team=a", { limit_usd: 1, covers: "rest" }, { field: "/covers" }],
    ["a misspelt field", "tenant=a", { limit_usd: 1, treshold: [50] }, { field: "/treshold", nearest: "thresholds" }],
  ])("refuses %s", async (_, scope, body, problem) => {
    const { ask, store } = await testApi();
    expect(await ask("POST", `/api/v1/budgets/${scope}`, { body })).toMatchObject({ status: 400, body: problem });
    expect(store.budgetRows.size).toBe(0);
  });
});

describe("/api/v1/keys", () => {
  const wish = {
    name: "reports",
    scope: { tenant: "acme", team: "core" },
    may_name: ["feature", "use_case"],
    models: ["gpt-4o*"],
    expires_at: "2026-01-01T00:00:00Z",
  };

  it("makes a key, shows its secret once, lists it without and revokes it", async () => {
    const { ask, store } = await testApi();
    const made = await ask("POST", "/api/v1/keys", { body: wish });
    expect(made.status).toBe(201);
    expect(made.body.secret).toMatch(/^sk-ballast-/);
    expect(made.body.key).toMatchObject({
      name: "reports",
      scope: wish.scope,
      may_name: wish.may_name,
      models: wish.models,
      expires_at: "2026-01-01T00:00:00.000Z",
      revoked_at: null,
    });
    const listed = await ask("GET", "/api/v1/keys");
    expect(listed.body.keys).toEqual([made.body.key]);
    const { hash } = [...store.keyRows.values()][0]!;
    expect(listed.text + made.text).not.toContain(hash);
    expect(listed.text).not.toContain(made.body.secret);
    const revoked = await ask("POST", `/api/v1/keys/${made.body.key.id}/revoke`, { body: { reason: "leaked" } });
    expect(revoked.body.key.revoked_at).toBe("2025-11-15T12:00:00.000Z");
    expect(await ask("POST", `/api/v1/keys/${made.body.key.id}/revoke`)).toMatchObject({ status: 200, body: revoked.body });
    expect(store.auditRows.map(({ action }) => action)).toEqual(["key.create", "key.revoke"]);
  });

  it.each([
    ["no tenant", { ...wish, scope: { team: "core" } }, "/scope/tenant"],
    ["a scope with an unknown dimension", { ...wish, scope: { tenant: "a", colour: "red" } }, "/scope/colour"],
    ["a tenant with markup", { ...wish, scope: { tenant: "<b>" } }, "/scope/tenant"],
    ["a dimension that no header names", { ...wish, may_name: ["model"] }, "/may_name/0"],
    ["an expiry in the past", { ...wish, expires_at: "2020-01-01" }, "/expires_at"],
    ["an expiry that is a number", { ...wish, expires_at: 1 }, "/expires_at"],
    ["no name", { ...wish, name: "" }, "/name"],
  ])("refuses %s", async (_, body, field) => {
    const { ask, store } = await testApi();
    expect(await ask("POST", "/api/v1/keys", { body })).toMatchObject({ status: 400, body: { field } });
    expect(store.keyRows.size).toBe(0);
  });

  it("knows no key that is not there", async () => {
    const { ask } = await testApi();
    expect(await ask("POST", "/api/v1/keys/key_0/revoke")).toMatchObject({ status: 404, body: { code: "not_found" } });
  });
});

describe("audit, holds, prices, verify", () => {
  it("shows who changed what, newest first, to the admin", async () => {
    const { ask } = await testApi();
    for (const limit of [1, 2]) await ask("POST", "/api/v1/budgets/tenant=acme", { body: { limit_usd: limit } });
    const { body } = await ask("GET", "/api/v1/audit?limit=1");
    expect(body.audit).toMatchObject([
      { seq: 2, actor: "admin", action: "budget.set", before: { limit_usd: "1" }, after: { limit_usd: "2" } },
    ]);
    expect((await ask("GET", "/api/v1/audit", { token: null })).status).toBe(401);
  });

  it("leaves amounts in the audit as text", async () => {
    const { ask, store } = await testApi();
    store.auditRows.push({
      seq: 1,
      at: 0,
      actor: "ballast",
      action: "budget.create",
      target: "b",
      reason: "",
      before: null,
      after: "1000",
    });
    expect((await ask("GET", "/api/v1/audit")).body.audit).toMatchObject([{ before: null, after: "1000" }]);
  });

  it("lists holds in doubt and resolves one, once", async () => {
    const { ask, store } = await testApi();
    store.doubts.set("h1", { holdId: "h1", accounts: ["a@1"], heldNano: usd("1"), since: 0, reason: "timeout" });
    const hold = { id: "h1", accounts: ["a@1"], held_usd: "1", since: "1970-01-01T00:00:00.000Z", reason: "timeout" };
    expect((await ask("GET", "/api/v1/holds/in-doubt")).body).toEqual({ holds: [hold] });
    const evidence = { cost_usd: 0.5, reason: "bill of November" };
    expect((await ask("POST", "/api/v1/holds/h1/resolve", { body: evidence })).body).toEqual({ hold, booked_usd: "0.5" });
    expect(await ask("POST", "/api/v1/holds/h1/resolve", { body: evidence })).toMatchObject({
      status: 404,
      body: {
        code: "hold_not_found",
        detail: "The hold h1 was resolved already, at 2025-11-15T12:00:00.000Z, with 0.5 USD; nothing was booked now.",
        remedy: expect.stringContaining("ballast hold list"),
        booked_usd: "0.5",
      },
    });
    expect((await ask("POST", "/api/v1/holds/h2/resolve", { body: evidence })).body).toMatchObject({
      code: "hold_not_found",
      detail: "There is no hold in doubt with that id.",
    });
    expect(await ask("POST", "/api/v1/holds/h1/resolve", { body: { cost_usd: "1 cent", reason: "x" } })).toMatchObject({
      status: 400,
      body: { code: "amount_invalid" },
    });
    expect(await ask("POST", "/api/v1/holds/h1/resolve", { body: { cost_usd: 1 } })).toMatchObject({
      status: 400,
      body: { field: "/reason" },
    });
  });

  it("shows prices, and none for what is not priced", async () => {
    const { ask } = await testApi();
    expect((await ask("GET", "/api/v1/prices?provider=anthropic&model=sonnet&at=2025-01-01")).body).toMatchObject({
      at: "2025-01-01T00:00:00.000Z",
      prices: [{ model: "sonnet", rates: [{ usd: "3" }, { usd: "15" }] }],
    });
    expect((await ask("GET", "/api/v1/prices?model=mystery")).body.prices).toEqual([]);
    expect((await ask("GET", "/api/v1/prices?at=soon")).status).toBe(400);
  });

  it("verifies the books", async () => {
    const { ask, store } = await testApi();
    await ask("POST", "/api/ai-budget/track", { body: { tenant_id: "acme", model: "sonnet", prompt_tokens: 1, completion_tokens: 2 } });
    expect((await ask("POST", "/api/v1/verify", { token: null })).body).toEqual({
      ok: true,
      findings: [],
      entries: 1,
      accounts: 1,
      audit_rows: 0,
      outbox: { waiting: 1, parked: 0 },
      in_doubt_holds: 0,
      warehouse: { checked: true, traces: 0, booked_usd: "0" },
    });
    store.findings = ["An entry is missing."];
    expect((await ask("POST", "/api/v1/verify", { body: {} })).body).toMatchObject({ ok: false, findings: ["An entry is missing."] });
    expect((await ask("POST", "/api/v1/verify", { body: { deep: true } })).status).toBe(400);
  });
});
