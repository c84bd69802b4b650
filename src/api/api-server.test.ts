import { describe, expect, it } from "vitest";
import { usd } from "../core/money/usd.ts";
import { ADMIN_TOKEN, testApi } from "./api-test-kit.ts";
import { ROUTES } from "./route-list.ts";

const SET = "/api/ai-budget/set";

/** An address that meets the route's parameters. */
function sampleUrl(path: string): string {
  return path.replace(":scope", "tenant=acme").replace(":id", "x");
}

/** The others answer without end, or to tickets: flags-api.test.ts. */
const PLAIN_ROUTES = ROUTES.filter(({ endless }) => !endless);

describe("who may ask", () => {
  it.each(PLAIN_ROUTES.map((route) => [route.role, route.method, route.path] as const))("%s: %s %s", async (role, method, path) => {
    const closed = await testApi({ openReads: false });
    const open = await testApi({ openReads: true });
    const url = sampleUrl(path);
    const isRefused = ({ status }: { status: number }) => status === 401;
    expect(isRefused(await closed.ask(method, url, { token: null, body: method === "POST" ? {} : undefined }))).toBe(role !== "open");
    expect(isRefused(await open.ask(method, url, { token: null, body: method === "POST" ? {} : undefined }))).toBe(
      role === "admin" || role === "sender",
    );
    expect(isRefused(await closed.ask(method, url, { body: method === "POST" ? {} : undefined }))).toBe(false);
  });

  it("lets nobody in while no admin token is set", async () => {
    const { ask } = await testApi({ adminToken: "" });
    expect((await ask("GET", "/api/v1/keys", { token: null })).status).toBe(401);
    expect((await ask("GET", "/api/v1/keys", { token: null, headers: { authorization: "Bearer " } })).status).toBe(401);
  });

  it("takes the token as a browser's password for what only reads", async () => {
    const { ask } = await testApi({ openReads: false });
    const authorization = `Basic ${Buffer.from(`me:${ADMIN_TOKEN}`).toString("base64")}`;
    expect((await ask("GET", "/api/v1/budgets", { token: null, headers: { authorization } })).status).toBe(200);
    expect((await ask("GET", "/api/v1/keys", { token: null, headers: { authorization } })).status).toBe(401);
  });

  it("sends a stranger away before reading the body", async () => {
    const { ask } = await testApi();
    expect((await ask("POST", SET, { token: null, body: "{not json" })).status).toBe(401);
  });
});

describe("problems", () => {
  it.each([
    ['{"tenant_id": "a",}', 1, 19],
    ['{"tenant_id": "a",\n "model" "x"}', 2, 10],
    ['{"tenant_id": NaN}', 1, 15],
    ['{"tenant_id": "a"', 1, 18],
    ["nonsense", 1, 1],
    ["", 1, 1],
  ])("say where %j stops being JSON", async (body, line, column) => {
    const { ask } = await testApi();
    const answer = await ask("POST", SET, { body, headers: { "content-type": "application/json" } });
    expect(answer).toMatchObject({ status: 400, body: { type: "/problems/invalid_json", code: "invalid_json", line, column } });
  });

  it.each(ROUTES.filter(({ body, tellProblem }) => body && !tellProblem).map(({ method, path }) => [method, path] as const))(
    "refuse a member that occurs twice: %s %s",
    async (method, path) => {
      const { ask, store } = await testApi();
      const answer = await ask(method, sampleUrl(path), { body: '{"reason": "a",\n "reason": "b"}' });
      expect(answer).toMatchObject({ status: 400, body: { code: "invalid_request", field: "/reason", position: 17, line: 2, column: 2 } });
      expect(store.auditRows).toEqual([]);
    },
  );

  it.each(ROUTES.filter(({ method }) => method === "GET").map(({ path }) => path))(
    "refuse a parameter that is not there: GET %s",
    async (path) => {
      const { ask } = await testApi();
      const problem = { code: "invalid_request", field: "/colour", in: "query" };
      expect(await ask("GET", `${sampleUrl(path)}?colour=red`)).toMatchObject({ status: 400, body: problem });
    },
  );

  it("refuse bytes that are not UTF-8", async () => {
    const { app } = await testApi();
    const headers = { "content-type": "application/json", authorization: `Bearer ${ADMIN_TOKEN}` };
    const answer = await app.inject({ method: "POST", url: SET, headers, payload: Buffer.from([0x22, 0xff, 0x22]) });
    expect(answer.json()).toMatchObject({ code: "invalid_json", detail: "The body is not UTF-8." });
  });

  it("do not quote the body", async () => {
    const { ask } = await testApi();
    expect((await ask("POST", SET, { body: '{"secret": sk-123}' })).text).not.toContain("sk-123");
  });

  it("refuse a prototype in disguise", async () => {
    const { ask } = await testApi();
    const body = '{"tenant_id":"a","model":"m","monthly_limit_usd":1,"__proto__":{"x":1}}';
    expect(await ask("POST", SET, { body })).toMatchObject({ status: 400, body: { field: "/__proto__" } });
  });

  it.each([
    ["text/plain", undefined],
    ["application/x-www-form-urlencoded", undefined],
    ["application/json; charset=utf-16", undefined],
    ["application/json", "gzip"],
  ])("refuse %s encoded as %s", async (type, encoding) => {
    const { ask } = await testApi();
    const headers = { "content-type": type, ...(encoding ? { "content-encoding": encoding } : {}) };
    expect(await ask("POST", SET, { body: "{}", headers })).toMatchObject({ status: 415, body: { code: "unsupported_media_type" } });
  });

  it("refuse a body that is too large", async () => {
    const { ask } = await testApi();
    const body = JSON.stringify({ tenant_id: "a".repeat(2 * 1024 * 1024) });
    expect(await ask("POST", SET, { body })).toMatchObject({ status: 413, body: { code: "body_too_large" } });
  });

  it("refuse addresses and methods that are not there", async () => {
    const { ask } = await testApi();
    expect(await ask("GET", "/api/v2/costs")).toMatchObject({ status: 404, body: { code: "route_not_found" } });
    const answer = await ask("GET", SET);
    expect(answer).toMatchObject({ status: 405, body: { code: "method_not_allowed" } });
    expect(answer.headers.allow).toBe("POST");
    expect(await ask("GET", "/api/ai-budget/tenant/%zz")).toMatchObject({ status: 400, body: { code: "invalid_request" } });
  });

  it("carry the trace id, and tell nothing of what broke inside", async () => {
    const api = await testApi();
    api.store.outboxDepth = () => Promise.reject(new Error("password=hunter2 at /data/x"));
    const answer = await api.ask("GET", "/metrics");
    expect(answer).toMatchObject({ status: 500, body: { code: "internal", instance: "trace-1" } });
    expect(answer.headers["x-ballast-trace-id"]).toBe("trace-1");
    expect(answer.text).not.toContain("hunter2");
    expect(api.logged.join("")).toContain("trace-1");
  });

  it("carry type, title, status, code, detail, remedy and instance", async () => {
    const { ask } = await testApi();
    const { body, headers } = await ask("POST", SET, { body: { tenant_id: "a", model: "m", monthly_limit_usd: "5 dollars" } });
    expect(headers["content-type"]).toBe("application/problem+json; charset=utf-8");
    expect(body).toEqual({
      type: "/problems/amount_invalid",
      title: "This is not an amount of money that can be booked.",
      status: 400,
      code: "amount_invalid",
      detail: "/monthly_limit_usd is not a decimal number.",
      remedy: "Send a decimal number of USD, zero or more, with at most 9 decimal places.",
      instance: "trace-1",
      field: "/monthly_limit_usd",
    });
  });
});

describe("operations", () => {
  it("answers that it lives, and whether it can work", async () => {
    expect((await (await testApi()).ask("GET", "/healthz")).body).toEqual({ status: "ok" });
    expect((await (await testApi()).ask("GET", "/readyz")).body).toEqual({
      status: "ready",
      checks: [{ name: "store", ok: true, detail: "writable" }],
    });
    const failing = await testApi({ readiness: async () => [{ name: "store", ok: false, detail: "disk full" }] });
    expect(await failing.ask("GET", "/readyz")).toMatchObject({ status: 503, body: { status: "not_ready" } });
  });

  it("describes every route and nothing else as OpenAPI", async () => {
    const { ask } = await testApi();
    const { body } = await ask("GET", "/openapi.json");
    const described = Object.entries(body.paths).flatMap(([path, operations]) =>
      Object.keys(operations as object).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const listed = ROUTES.map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
    expect(described.sort()).toEqual(listed.sort());
    const ids = Object.values(body.paths).flatMap((operations) =>
      Object.values(operations as object).map(({ operationId }) => operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
    const set = body.paths["/api/ai-budget/set"].post;
    expect(set.security).toEqual([{ adminToken: [] }]);
    expect(set.requestBody.content["application/json"].schema).toMatchObject({
      additionalProperties: false,
      required: ["tenant_id", "model", "monthly_limit_usd"],
    });
    expect(body.paths["/api/v1/budgets/{scope}"].post.parameters).toMatchObject([
      { name: "scope", in: "path", required: true },
      { name: "dry_run", in: "query", required: false },
    ]);
  });

  it("shows accounts in the metrics as the API shows them", async () => {
    const { ask, held, store } = await testApi();
    await ask("POST", SET, { body: { tenant_id: "acme", model: "sonnet", monthly_limit_usd: 3 } });
    await ask("POST", "/api/ai-budget/track", {
      body: { tenant_id: "acme", model: "sonnet", prompt_tokens: 1_000_000, completion_tokens: 0 },
    });
    await ask("POST", SET, { body: { tenant_id: "acme", model: "*", monthly_limit_usd: 10 } });
    held.set("tenant=acme", usd("0.25"));
    store.parked = 2;
    const { text, headers } = await ask("GET", "/metrics");
    expect(headers["content-type"]).toContain("text/plain; version=0.0.4");
    expect(text).toContain('ai_budget_hard_limit_reached{tenant_id="acme",model="sonnet"} 1');
    expect(text).toContain('ai_budget_hard_limit_reached{tenant_id="acme",model="*"} 0');
    expect(text).toContain('ballast_account_spent_usd{budget="tenant=acme,model=sonnet"} 3');
    expect(text).toContain('ballast_account_held_usd{budget="tenant=acme"} 0.25');
    expect(text).toContain('spend_usd_total{tenant="acme",use_case="",provider="anthropic",model="sonnet"} 3');
    expect(text).toContain("ballast_outbox_waiting 1");
    expect(text).toContain("ballast_outbox_parked 2");
    expect(text).toContain("ballast_warehouse_up 1");
  });
});

describe("the start page", () => {
  it("says what to do while there is nothing to show", async () => {
    const { ask } = await testApi();
    const { text, headers } = await ask("GET", "/", { token: null, headers: { host: "127.0.0.1:8787" } });
    expect(headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(text).toContain("No budget yet.");
    expect(text).toContain("curl -X POST http://127.0.0.1:8787/api/ai-budget/track");
    expect(text).toContain("No call in the last 7 days.");
  });

  it("shows spend, calls and states, and nothing that is not so", async () => {
    const { ask, store, warehouse, held } = await testApi();
    await ask("POST", SET, { body: { tenant_id: "acme", model: "sonnet", monthly_limit_usd: 20 } });
    await ask("POST", "/api/ai-budget/track", {
      body: { tenant_id: "acme", model: "sonnet", prompt_tokens: 1_000_000, completion_tokens: 1_000_000 },
    });
    held.set("tenant=acme,model=sonnet", usd("1.5"));
    await ask("POST", SET, { body: { tenant_id: "acme", model: "*", monthly_limit_usd: 1000 } });
    await warehouse.insertTraces(store.outbox.map(({ payload }) => payload));
    const { text } = await ask("GET", "/");
    expect(text).toContain("90.00 %");
    expect(text).toContain("$1.50");
    expect(text).toContain("$1,000.00");
    expect(text).toContain("2025-12-01 00:00 UTC");
    expect(text).toContain("12:00 UTC: 1 call<");
    expect(text).toContain("tracked");
    expect(text).not.toContain("NaN");
    expect(text).not.toContain("undefined");
  });

  it("escapes names that come from outside, in text and in attributes", async () => {
    const { ask, store, warehouse } = await testApi();
    await ask("POST", "/api/ai-budget/track", { body: { tenant_id: "acme", model: "sonnet", prompt_tokens: 1, completion_tokens: 1 } });
    const attack = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`;
    await warehouse.insertTraces([
      JSON.stringify({ ...JSON.parse(store.outbox[0]!.payload), tenant: attack, model_id: attack, outcome: attack, error_code: attack }),
    ]);
    const budget = [...store.budgetRows.values()][0]!;
    const evil = { ...budget, id: attack, selector: { tenant: attack } };
    const { budgets } = await testApi();
    const page = await testApi({
      warehouse,
      budgets: { ...pick(budgets), all: () => [evil], lasting: () => [evil] },
    });
    const { text } = await page.ask("GET", "/");
    expect(text).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(text).not.toMatch(/<script|<img|onerror='/);
    // A Host header that cannot be one is not repeated.
    const { ask: other } = await testApi();
    const hosted = await other("GET", "/", { headers: { host: `evil"><script>` } });
    expect(hosted.text).toContain("curl -X POST http://127.0.0.1/");
    expect(hosted.text).not.toContain("evil");
  });

  it("allows itself its own style and nothing else", async () => {
    const { ask } = await testApi();
    const { text, headers } = await ask("GET", "/");
    const policy = String(headers["content-security-policy"]);
    const nonce = /style-src 'nonce-([^']+)'/.exec(policy)![1]!;
    expect(policy).toContain("default-src 'none'");
    expect(text).toContain(`<style nonce="${nonce}">`);
    expect(text).not.toMatch(/ style="|<script|https?:\/\/(?!127\.0\.0\.1|localhost)/);
    expect((await ask("GET", "/")).headers["content-security-policy"]).not.toBe(policy);
  });

  it("says which part is missing when the warehouse is", async () => {
    const none = await testApi({ warehouse: undefined });
    expect((await none.ask("GET", "/")).text).toContain("Not installed");
    const unwanted = await testApi({ warehouse: undefined, wantsWarehouse: false });
    expect((await unwanted.ask("GET", "/")).text).toContain("None configured");
    const { ask, warehouse } = await testApi();
    warehouse.down = true;
    const { status, text } = await ask("GET", "/");
    expect(status).toBe(200);
    expect(text).toContain("Does not answer");
  });

  it("shows no number to a stranger where reads are not open", async () => {
    const { ask } = await testApi({ openReads: false });
    await ask("POST", SET, { body: { tenant_id: "secret-tenant", model: "*", monthly_limit_usd: 3 } });
    const { status, text, headers } = await ask("GET", "/", { token: null });
    expect(status).toBe(401);
    expect(headers["www-authenticate"]).toContain("Basic");
    expect(text).not.toContain("secret-tenant");
    expect((await ask("GET", "/")).text).toContain("secret-tenant");
  });
});

function pick(budgets: Awaited<ReturnType<typeof testApi>>["budgets"]) {
  return {
    matching: budgets.matching.bind(budgets),
    due: budgets.due.bind(budgets),
    ofTenant: budgets.ofTenant.bind(budgets),
    ofSelector: budgets.ofSelector.bind(budgets),
    get: budgets.get.bind(budgets),
    put: budgets.put.bind(budgets),
    putAll: async () => [],
    renew: async () => {},
    remember: budgets.remember.bind(budgets),
  };
}
