import { describe, expect, it } from "vitest";
import { formatUsd, usd } from "../core/money/usd.ts";
import { NOON, testApi } from "./api-test-kit.ts";

const SET = "/api/ai-budget/set";
const CHECK = "/api/ai-budget/check";
const TRACK = "/api/ai-budget/track";
const MILLION = 1_000_000;

function setSonnet(limit: unknown, tenant = "acme", model = "sonnet") {
  return { body: { tenant_id: tenant, model, monthly_limit_usd: limit } };
}

describe("GET /api/ai-budget/tenant/:id", () => {
  it("answers with exactly the guide's keys and numbers", async () => {
    const { ask } = await testApi();
    await ask("POST", SET, setSonnet(5000.0, "tenant-enterprise"));
    const usage = { tenant_id: "tenant-enterprise", model: "sonnet", prompt_tokens: 1_250_000, completion_tokens: 625_000 };
    await ask("POST", TRACK, { body: { ...usage, cost_usd: 3250.45 } });
    const { status, body } = await ask("GET", "/api/ai-budget/tenant/tenant-enterprise", { token: null });
    expect(status).toBe(200);
    const sonnet = body.budgets.find((budget: { model: string }) => budget.model === "sonnet");
    expect(sonnet).toEqual({
      model: "sonnet",
      monthly_limit_usd: 5000,
      current_usage_usd: 3250.45,
      percentage_used: 65.01,
      token_count_input: 1_250_000,
      token_count_output: 625_000,
      reset_date: "2025-12-01T00:00:00Z",
      status: "ok",
      soft_limit_notified: false,
      hard_limit_reached: false,
    });
    // The default budget for the tenant's other models stands beside it, and limits add up.
    expect(body.total_usage_usd).toBe(3250.45);
    expect(body.total_limit_usd).toBe(6000);
  });

  it("shows an unknown tenant the default budget it would get", async () => {
    const { ask, store } = await testApi();
    const { body } = await ask("GET", "/api/ai-budget/tenant/nobody-yet");
    expect(body.budgets).toMatchObject([{ model: "*", monthly_limit_usd: 1000, current_usage_usd: 0, percentage_used: 0, status: "ok" }]);
    expect(store.budgetRows.size).toBe(0);
  });

  it("shows an unknown tenant nothing where no default budget is configured", async () => {
    const { ask } = await testApi({ defaultBudget: null });
    const { body } = await ask("GET", "/api/ai-budget/tenant/nobody-yet");
    expect(body).toEqual({ tenant_id: "nobody-yet", budgets: [], total_usage_usd: 0, total_limit_usd: 0 });
  });

  it("shows a tenant without budgets of its own nothing of what all spent on a shared one", async () => {
    const { ask } = await testApi({ defaultBudget: null });
    await ask("POST", "/api/v1/budgets/*", { body: { limit_usd: 100 } });
    const track = (tenant: string, cost: number) =>
      ask("POST", TRACK, { body: { tenant_id: tenant, model: "sonnet", prompt_tokens: 1, completion_tokens: 1, cost_usd: cost } });
    await track("birch", 40);
    expect((await track("acme", 2)).body).toMatchObject({ current_usage_usd: null, monthly_limit_usd: null, percentage_used: null });
    expect((await ask("GET", "/api/ai-budget/tenant/acme")).body).toMatchObject({ budgets: [], total_usage_usd: 0 });
    expect((await ask("GET", "/api/ai-budget/tenant/nobody-yet")).body).toMatchObject({ budgets: [], total_usage_usd: 0 });
  });

  it("tells a crossing of the warning share, and a reached limit", async () => {
    const { ask } = await testApi();
    await ask("POST", SET, setSonnet("10"));
    const track = (cost: string) =>
      ask("POST", TRACK, { body: { tenant_id: "acme", model: "sonnet", prompt_tokens: 1, completion_tokens: 1, cost_usd: cost } });
    const sonnet = async () => (await ask("GET", "/api/ai-budget/tenant/acme")).body.budgets[0];
    await track("8");
    expect(await sonnet()).toMatchObject({ status: "ok", soft_limit_notified: true, hard_limit_reached: false });
    await track("0.000000001");
    expect(await sonnet()).toMatchObject({ status: "warning", current_usage_usd: 8.000000001 });
    await track("2");
    expect(await sonnet()).toMatchObject({ status: "exceeded", hard_limit_reached: true, percentage_used: 100 });
  });

  it("does not count a tenant-wide budget twice in the totals", async () => {
    const { ask } = await testApi();
    await ask("POST", "/api/v1/budgets/tenant=acme", { body: { limit_usd: 100 } });
    await ask("POST", SET, setSonnet(10));
    await ask("POST", TRACK, { body: { tenant_id: "acme", model: "sonnet", prompt_tokens: MILLION, completion_tokens: 0 } });
    const { body } = await ask("GET", "/api/ai-budget/tenant/acme");
    expect(body.budgets).toHaveLength(2);
    expect(body).toMatchObject({ total_usage_usd: 3, total_limit_usd: 100 });
  });

  it("refuses a tenant id that cannot be one", async () => {
    const { ask } = await testApi();
    expect((await ask("GET", "/api/ai-budget/tenant/%3Cscript%3E")).body).toMatchObject({ status: 400, code: "invalid_scope" });
  });
});

describe("POST /api/ai-budget/set", () => {
  it("stores a hard monthly budget, audits it and answers with it", async () => {
    const { ask, store } = await testApi();
    const { status, body } = await ask("POST", SET, setSonnet(10_000.0, "tenant-acme-corp"));
    expect(status).toBe(200);
    expect(body).toMatchObject({ tenant_id: "tenant-acme-corp", model: "sonnet", monthly_limit_usd: 10_000, current_usage_usd: 0 });
    expect(store.budgetRows.get("tenant=tenant-acme-corp,model=sonnet")).toMatchObject({
      hard: true,
      window: "month",
      zone: "UTC",
      covers: "all",
      origin: "api",
    });
    expect(store.auditRows).toMatchObject([
      { actor: "admin", action: "budget.set", target: "tenant=tenant-acme-corp,model=sonnet", before: null },
    ]);
  });

  it('sets the budget of all other models with "*"', async () => {
    const { ask, store } = await testApi();
    const { body } = await ask("POST", SET, setSonnet("50.5", "acme", "*"));
    expect(body).toMatchObject({ model: "*", monthly_limit_usd: 50.5 });
    expect(body.notes).toEqual(["It covers every call of tenant acme whose model has no budget of its own."]);
    expect(store.budgetRows.get("tenant=acme")).toMatchObject({ covers: "rest", limitNano: usd("50.5") });
  });

  it("keeps what was spent when the limit changes, and a daily budget of the same scope", async () => {
    const { ask } = await testApi();
    await ask("POST", "/api/v1/budgets/tenant=acme,model=sonnet", { body: { limit_usd: 1, window: "day" } });
    await ask("POST", SET, setSonnet(10));
    await ask("POST", TRACK, { body: { tenant_id: "acme", model: "sonnet", prompt_tokens: MILLION, completion_tokens: 0 } });
    const { body } = await ask("POST", SET, setSonnet(15));
    expect(body).toMatchObject({ monthly_limit_usd: 15, current_usage_usd: 3, percentage_used: 20 });
    const { body: list } = await ask("GET", "/api/v1/budgets");
    expect(list.budgets.map(({ window, limit_usd }: { window: string; limit_usd: string }) => [window, limit_usd])).toEqual(
      expect.arrayContaining([
        ["day", "1"],
        ["month", "15"],
      ]),
    );
  });

  it.each([
    ["a negative number", "-1"],
    ["a negative text", '"-0.5"'],
    ["words", '"5 dollars"'],
    ["letters", '"abc"'],
    ["NaN as text", '"NaN"'],
    ["Infinity as text", '"Infinity"'],
    ["a number beyond every double", "1e400"],
    ["a number beyond its range", "9e12"],
    ["a tenth of a nano-dollar", "0.0000000001"],
    ["ten decimal places", '"1.0000000001"'],
    ["an empty text", '""'],
    ["hexadecimal", '"0x10"'],
    ["a grouped number", '"1,000"'],
    ["null", "null"],
    ["a truth value", "true"],
    ["a list", "[5]"],
    ["an object", "{}"],
    ["very many digits", `"${"9".repeat(400)}"`],
    ["a vast exponent", "1e99999"],
  ])("refuses %s as an amount", async (_, amount) => {
    const { ask, store } = await testApi();
    const { status, body } = await ask("POST", SET, { body: `{"tenant_id":"acme","model":"sonnet","monthly_limit_usd":${amount}}` });
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: "amount_invalid", field: "/monthly_limit_usd" });
    expect(store.budgetRows.size).toBe(0);
  });

  it.each([
    ["0", "0"],
    ["0.000000001", "0.000000001"],
    ["5000.00", "5000"],
    ["1e3", "1000"],
    ['"999999999.999999999"', "999999999.999999999"],
    // More digits than a double carries: booked as written.
    ["123456789.123456789", "123456789.123456789"],
  ])("stores %s exactly", async (amount, exact) => {
    const { ask, store } = await testApi();
    await ask("POST", SET, { body: `{"tenant_id":"acme","model":"sonnet","monthly_limit_usd":${amount}}` });
    expect(formatUsd(store.budgetRows.get("tenant=acme,model=sonnet")!.limitNano)).toBe(exact);
  });

  it.each([
    ["no tenant", { model: "sonnet", monthly_limit_usd: 1 }, { code: "invalid_request", field: "/tenant_id" }],
    [
      "a tenant that is a number",
      { tenant_id: 7, model: "sonnet", monthly_limit_usd: 1 },
      { code: "invalid_request", field: "/tenant_id" },
    ],
    ["an empty tenant", { tenant_id: "", model: "sonnet", monthly_limit_usd: 1 }, { code: "invalid_request", field: "/tenant_id" }],
    ["a tenant with markup", { tenant_id: "<b>", model: "sonnet", monthly_limit_usd: 1 }, { code: "invalid_scope", field: "/tenant_id" }],
    ["a model with a comma", { tenant_id: "a", model: "x,y", monthly_limit_usd: 1 }, { code: "invalid_scope", field: "/model" }],
    ["a misspelt field", { tenant_id: "a", model: "x", monthly_limit: 1 }, { code: "invalid_request" }],
    ["a field too many", { tenant_id: "a", model: "x", monthly_limit_usd: 1, tenantid: 1 }, { field: "/tenantid", nearest: "tenant_id" }],
    ["a list", [], { code: "invalid_request", field: "" }],
    ["a word", "acme", { code: "invalid_json" }],
  ])("refuses %s", async (_, body, problem) => {
    const { ask } = await testApi();
    const answer = await ask("POST", SET, { body });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject(problem);
  });

  it("needs the admin token, also while reads are open", async () => {
    const { ask, store } = await testApi({ openReads: true });
    const without = await ask("POST", SET, { ...setSonnet(1), token: null });
    expect(without).toMatchObject({ status: 401, body: { code: "role_missing" } });
    expect(without.headers["www-authenticate"]).toContain("Bearer");
    expect(await ask("POST", SET, { ...setSonnet(1), token: "guess" })).toMatchObject({ status: 403, body: { code: "role_insufficient" } });
    const basic = Buffer.from("x:test-admin-token").toString("base64");
    expect(await ask("POST", SET, { ...setSonnet(1), token: null, headers: { authorization: `Basic ${basic}` } })).toMatchObject({
      status: 401,
    });
    expect(store.budgetRows.size).toBe(0);
  });
});

describe("POST /api/ai-budget/check", () => {
  const call = (more: object = {}) => ({
    body: { tenant_id: "acme", model: "sonnet", estimated_prompt_tokens: MILLION, estimated_completion_tokens: 0, ...more },
    token: null,
  });

  it("allows what fits, shows the tenant's own budget, and what is left on the tightest of all", async () => {
    const { ask } = await testApi();
    await ask("POST", SET, setSonnet(10));
    await ask("POST", "/api/v1/budgets/provider=anthropic", { body: { limit_usd: 4 } });
    const { status, body, headers } = await ask("POST", CHECK, call());
    expect(status).toBe(200);
    expect(body).toEqual({
      allowed: true,
      tenant_id: "acme",
      model: "sonnet",
      estimated_cost_usd: 3,
      current_usage_usd: 0,
      monthly_limit_usd: 10,
      remaining_usd: 4,
      percentage_used: 0,
      reset_date: "2025-12-01T00:00:00Z",
      warning: false,
    });
    expect(headers["x-ai-budget-warning"]).toBeUndefined();
  });

  it("shows no tenant what others spent", async () => {
    const { ask } = await testApi();
    await ask("POST", "/api/v1/budgets/*", { body: { limit_usd: 100 } });
    await ask("POST", TRACK, { body: { tenant_id: "birch", model: "sonnet", prompt_tokens: 1, completion_tokens: 1, cost_usd: 40 } });
    const { body } = await ask("POST", CHECK, call());
    expect(body).toMatchObject({ current_usage_usd: 0, monthly_limit_usd: 1000, percentage_used: 0, remaining_usd: 60 });
  });

  it("asks the budgets of the places where the gateway would send the call", async () => {
    const places = [
      { provider: "house", model: "gpt-x", priceList: "none" },
      { provider: "claude-eu", model: "sonnet", priceList: "anthropic" },
    ];
    const { ask, store } = await testApi({ routesOf: (model) => (model === "best" ? places : []) });
    await ask("POST", "/api/v1/budgets/provider=claude-eu,model=sonnet", { body: { limit_usd: 2 } });
    await ask("POST", "/api/v1/budgets/provider=house", { body: { limit_usd: 0 } });
    const account = "provider=claude-eu,model=sonnet@2025-11-01T00:00:00.000Z";
    // A place without a price is not gone to while another has one.
    expect(await ask("POST", CHECK, call({ model: "best" }))).toMatchObject({ status: 429, body: { account, estimated_cost_usd: 3 } });
    expect((await ask("POST", CHECK, call({ model: "best", provider: "house", estimated_cost_usd: 1 }))).status).toBe(429);
    expect((await ask("POST", CHECK, call({ model: "best", provider: "elsewhere", estimated_cost_usd: 3 }))).status).toBe(200);
    const usage = { tenant_id: "acme", model: "best", prompt_tokens: MILLION, completion_tokens: 0 };
    expect((await ask("POST", TRACK, { body: usage })).body).toMatchObject({ cost_usd: 3, model: "best" });
    expect(store.accountRows.get(account)).toMatchObject({ spentNano: usd("3") });
  });

  it("warns strictly above the warning share, with held money counted as used", async () => {
    const { ask, held } = await testApi();
    await ask("POST", SET, setSonnet(100));
    held.set("tenant=acme,model=sonnet", usd("80"));
    expect((await ask("POST", CHECK, call())).headers["x-ai-budget-warning"]).toBeUndefined();
    held.set("tenant=acme,model=sonnet", usd("80.000000001"));
    const { body, headers } = await ask("POST", CHECK, call());
    expect(headers["x-ai-budget-warning"]).toBe("true");
    expect(body).toMatchObject({ allowed: true, warning: true, current_usage_usd: 0, remaining_usd: 19.999999999 });
  });

  it("refuses what does not fit, names the account and says when to come back", async () => {
    const { ask, held, store } = await testApi();
    await ask("POST", SET, setSonnet(5));
    await ask("POST", TRACK, { body: { tenant_id: "acme", model: "sonnet", prompt_tokens: MILLION / 2, completion_tokens: 0 } });
    store.accountRows.set("tenant=acme,model=sonnet@2025-11-01T00:00:00.000Z", {
      ...store.accountRows.get("tenant=acme,model=sonnet@2025-11-01T00:00:00.000Z")!,
      inDoubtNano: usd("0.25"),
    });
    held.set("tenant=acme,model=sonnet", usd("0.5"));
    const { status, body, headers } = await ask("POST", CHECK, call());
    expect(status).toBe(429);
    expect(body).toEqual({
      statusCode: 429,
      error: "Too Many Requests",
      message: "AI Budget Exceeded",
      code: "budget_exhausted",
      allowed: false,
      tenant_id: "acme",
      model: "sonnet",
      account: "tenant=acme,model=sonnet@2025-11-01T00:00:00.000Z",
      limit_usd: 5,
      spent_usd: 1.5,
      held_usd: 0.5,
      in_doubt_usd: 0.25,
      estimated_cost_usd: 3,
      reset_date: "2025-12-01T00:00:00Z",
      remedy: expect.stringContaining("reset"),
    });
    expect(headers["retry-after"]).toBe(String((Date.parse("2025-12-01T00:00:00Z") - NOON) / 1000));
  });

  it("admits a call that fits to the last nano-dollar, and not one more", async () => {
    const { ask } = await testApi();
    await ask("POST", SET, setSonnet(5));
    expect((await ask("POST", CHECK, call({ estimated_cost_usd: "5" }))).status).toBe(200);
    expect((await ask("POST", CHECK, call({ estimated_cost_usd: "5.000000001" }))).status).toBe(429);
  });

  it("refuses everything at a limit of zero, and nothing on a soft budget", async () => {
    const { ask } = await testApi();
    await ask("POST", SET, setSonnet(0));
    expect((await ask("POST", CHECK, call({ estimated_cost_usd: 0 }))).status).toBe(429);
    await ask("POST", "/api/v1/budgets/tenant=acme,model=sonnet", { body: { limit_usd: 1, hard: false } });
    expect((await ask("POST", CHECK, call())).body).toMatchObject({ allowed: true });
  });

  it("uses the default budget of a tenant never seen, and creates nothing", async () => {
    const { ask, store } = await testApi();
    expect((await ask("POST", CHECK, call())).body).toMatchObject({ allowed: true, monthly_limit_usd: 1000 });
    expect((await ask("POST", CHECK, call({ estimated_prompt_tokens: 400 * MILLION }))).status).toBe(429);
    expect(store.budgetRows.size + store.accountRows.size + store.auditRows.length).toBe(0);
  });

  it("allows without numbers where no budget matches", async () => {
    const { ask } = await testApi({ defaultBudget: null });
    expect((await ask("POST", CHECK, call())).body).toMatchObject({
      allowed: true,
      monthly_limit_usd: null,
      remaining_usd: null,
      warning: false,
    });
  });

  it("refuses a model without a price unless the cost is given", async () => {
    const { ask } = await testApi();
    const unpriced = { model: "mystery" };
    expect(await ask("POST", CHECK, call(unpriced))).toMatchObject({ status: 402, body: { code: "model_not_priced", model: "mystery" } });
    expect((await ask("POST", CHECK, call({ ...unpriced, estimated_cost_usd: "0.01" }))).body).toMatchObject({
      allowed: true,
      estimated_cost_usd: 0.01,
    });
  });

  it("takes the short names of the token fields, and refuses two values for one", async () => {
    const { ask } = await testApi();
    const short = { tenant_id: "acme", model: "sonnet", prompt_tokens: MILLION, completion_tokens: MILLION };
    expect((await ask("POST", CHECK, { body: short })).body.estimated_cost_usd).toBe(18);
    expect((await ask("POST", CHECK, { body: { ...short, estimated_prompt_tokens: 1 } })).body).toMatchObject({
      status: 400,
      detail: "estimated_prompt_tokens and prompt_tokens are the same field, and here they are 1 and 1000000; send one of them.",
    });
  });

  it.each([
    ["no estimate at all", { estimated_prompt_tokens: undefined, estimated_completion_tokens: undefined }],
    ["tokens as text", { estimated_prompt_tokens: "1000" }],
    ["tokens below zero", { estimated_prompt_tokens: -1 }],
    ["half a token", { estimated_prompt_tokens: 0.5 }],
    ["a cost below zero", { estimated_cost_usd: -1 }],
    ["an unknown field", { estimated_tokens: 5 }],
  ])("refuses %s", async (_, more) => {
    const { ask } = await testApi();
    expect((await ask("POST", CHECK, call(more))).status).toBe(400);
  });
});

describe("POST /api/ai-budget/track", () => {
  const usage = {
    tenant_id: "acme",
    model: "sonnet",
    prompt_tokens: MILLION,
    completion_tokens: MILLION,
    request_id: "r-1",
    report_type: "quarterly",
  };

  it("books the priced cost, creates the default budget and records a trace", async () => {
    const { ask, store, metrics } = await testApi();
    const { status, body } = await ask("POST", TRACK, {
      body: { ...usage, feature: "reports", use_case: "summary", session: "s-1", experiment: "e 1" },
      token: null,
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      tracked: true,
      request_id: "r-1",
      cost_usd: 18,
      duplicate: false,
      tenant_id: "acme",
      model: "sonnet",
      current_usage_usd: 18,
      monthly_limit_usd: 1000,
      percentage_used: 1.8,
      status: "ok",
    });
    expect(store.budgetRows.get("tenant=acme")).toMatchObject({ origin: "default", covers: "rest" });
    const trace = JSON.parse(store.outbox[0]!.payload);
    expect(trace).toMatchObject({
      operation: "track",
      outcome: "tracked",
      cost_basis: "measured",
      tenant: "acme",
      provider: "anthropic",
      feature: "reports",
      use_case_id: "summary",
      session_id: "s-1",
      experiment_id: "e 1",
      report_type: "quarterly",
      unit_cost_usd: "18",
      input_cost_usd: "3.000000",
      rounding_usd: "0",
      ts: "2025-11-15T12:00:00.000Z",
      response_id: "r-1",
      price_id: "list/sonnet@start",
    });
    const text = await metrics.expose({
      accounts: [],
      accountsOmitted: 0,
      hardLimits: [],
      baselines: [],
      levers: [],
      controls: { ticks: 0, failedTicks: 0, changes: 0, reverts: {}, held: {} },
      outboxWaiting: 0,
      outboxParked: 0,
      alertsWaiting: 0,
      alertsDead: 0,
      holdsInDoubt: 0,
      warehouseUp: true,
      cacheUp: true,
      statusReads: {},
    });
    expect(text).toContain('ai_token_usage_cost_usd{tenant_id="acme",model="sonnet",report_type="quarterly"} 18');
  });

  it("counts a model in another case on the budget of the model", async () => {
    const { ask, store } = await testApi();
    await ask("POST", SET, setSonnet(10));
    const { body } = await ask("POST", TRACK, { body: { ...usage, model: "SonNet", cost_usd: 9 } });
    expect(body).toMatchObject({ model: "SonNet", current_usage_usd: 9, monthly_limit_usd: 10 });
    expect(JSON.parse(store.outbox[0]!.payload)).toMatchObject({ model_id: "sonnet", requested_model: "SonNet" });
    const call = { tenant_id: "acme", model: "SONNET", estimated_cost_usd: 2 };
    expect((await ask("POST", CHECK, { body: call })).status).toBe(429);
  });

  it("counts a request id once, and refuses it for other usage", async () => {
    const { ask, store } = await testApi();
    await ask("POST", TRACK, { body: { ...usage, cost_usd: "0.50" } });
    const again = await ask("POST", TRACK, { body: { ...usage, cost_usd: 0.5 } });
    expect(again.body).toMatchObject({ tracked: true, duplicate: true, current_usage_usd: 0.5 });
    const other = await ask("POST", TRACK, { body: { ...usage, cost_usd: 0.6 } });
    expect(other).toMatchObject({ status: 422, body: { code: "idempotency_key_reused", request_id: "r-1" } });
    expect(store.outbox).toHaveLength(1);
    expect((await ask("POST", TRACK, { body: { ...usage, tenant_id: "other" } })).body).toMatchObject({ duplicate: false });
  });

  it("counts reports without a request id each time", async () => {
    const { ask } = await testApi();
    const { request_id: _, ...anonymous } = usage;
    await ask("POST", TRACK, { body: anonymous });
    expect((await ask("POST", TRACK, { body: anonymous })).body).toMatchObject({ duplicate: false, current_usage_usd: 36 });
  });

  it("books over the limit too, and warns", async () => {
    const { ask, store } = await testApi();
    await ask("POST", SET, setSonnet(10));
    const { body, headers } = await ask("POST", TRACK, { body: usage });
    expect(body).toMatchObject({ current_usage_usd: 18, percentage_used: 180, status: "exceeded" });
    expect(headers["x-ai-budget-warning"]).toBe("true");
    expect([...store.accountRows.values()][0]!.overrunNano).toBe(usd("8"));
  });

  it("books in the window of its timestamp", async () => {
    const { ask, store } = await testApi();
    await ask("POST", TRACK, { body: { ...usage, timestamp: "2025-10-31T23:59:59.999Z" } });
    expect([...store.accountRows.keys()]).toEqual(["tenant=acme@2025-10-01T00:00:00.000Z"]);
  });

  it.each([
    ["a model without a price or a cost", { model: "mystery" }, 402, "model_not_priced"],
    ["a timestamp in the future", { timestamp: "2025-11-15T12:06:00Z" }, 400, "invalid_request"],
    ["a timestamp of long ago", { timestamp: "1970-01-21" }, 400, "invalid_request"],
    ["a timestamp that is none", { timestamp: "yesterday" }, 400, "invalid_request"],
    ["30 February", { timestamp: "2025-02-30" }, 400, "invalid_request"],
    ["a cost below zero", { cost_usd: -0.01 }, 400, "amount_invalid"],
    ["a cost of words", { cost_usd: "5 dollars" }, 400, "amount_invalid"],
    ["a cost above a million", { cost_usd: 1_000_001 }, 400, "amount_invalid"],
    ["tokens below zero", { prompt_tokens: -5 }, 400, "invalid_request"],
    ["tokens as text", { completion_tokens: "5" }, 400, "invalid_request"],
    ["too many tokens", { prompt_tokens: 1e13 }, 400, "invalid_request"],
    ["a feature with markup", { feature: "<script>" }, 400, "invalid_scope"],
    ["an unknown field", { metadata: {} }, 400, "invalid_request"],
  ])("books nothing for %s", async (_, more, status, code) => {
    const { ask, store } = await testApi();
    expect(await ask("POST", TRACK, { body: { ...usage, ...more } })).toMatchObject({ status, body: { code } });
    expect(store.outbox).toHaveLength(0);
  });

  it("books nothing when the cost is there twice", async () => {
    const { ask, store } = await testApi();
    const body = '{"tenant_id":"acme","model":"sonnet","prompt_tokens":1,"completion_tokens":1,"cost_usd":5,"cost_usd":0}';
    const problem = { code: "invalid_request", field: "/cost_usd", position: 90 };
    expect(await ask("POST", TRACK, { body })).toMatchObject({ status: 400, body: problem });
    expect(store.outbox).toHaveLength(0);
  });

  it("takes a cost of a million at the most, given or computed", async () => {
    const { ask, store } = await testApi();
    const tokens = (count: number) => ({ ...usage, request_id: `r-${count}`, prompt_tokens: 0, completion_tokens: count });
    const most = Math.floor((MILLION * MILLION) / 15);
    expect((await ask("POST", TRACK, { body: tokens(most) })).status).toBe(200);
    expect(await ask("POST", TRACK, { body: tokens(most + 1) })).toMatchObject({
      status: 400,
      body: { code: "amount_invalid", field: "/completion_tokens", cost_usd: "1000000.000005" },
    });
    expect((await ask("POST", TRACK, { body: { ...tokens(most + 1), cost_usd: 5 } })).status).toBe(200);
    expect(store.outbox).toHaveLength(2);
  });

  it("needs a token where reads are not open", async () => {
    const { ask } = await testApi({ openReads: false });
    expect((await ask("POST", TRACK, { body: usage, token: null })).status).toBe(401);
    expect((await ask("POST", TRACK, { body: usage })).status).toBe(200);
  });
});
