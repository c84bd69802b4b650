import { expect, it } from "vitest";
import type { RequestTrace } from "../contract/request-trace.ts";
import { testApi } from "./api-test-kit.ts";

type Wanted = Pick<RequestTrace, "ts" | "tenant" | "unit_cost_usd" | "held_usd"> & Partial<RequestTrace>;
const trace = (index: number, wanted: Wanted) => ({ trace_id: `t${index}`, outcome: "complete", ...wanted }) as RequestTrace;

async function withCalls(calls: readonly Wanted[]) {
  const api = await testApi();
  api.warehouse.rows.push(...calls.map((wanted, index) => trace(index, wanted)));
  return api;
}

it("tells per tenant what a limit would have refused, with the first instant, the cost, and the thresholds' times", async () => {
  const { ask, store } = await withCalls([
    { ts: "2025-11-02T00:00:00.000Z", tenant: "acme", unit_cost_usd: "6", held_usd: "7" },
    { ts: "2025-11-03T00:00:00.000Z", tenant: "globex", unit_cost_usd: "3", held_usd: "4" },
    { ts: "2025-11-04T00:00:00.000Z", tenant: "acme", unit_cost_usd: "0.5", held_usd: "2" },
    { ts: "2025-11-05T00:00:00.000Z", tenant: "acme", unit_cost_usd: null, held_usd: "1.5" },
  ]);
  const { status, body } = await ask("POST", "/api/v1/budgets/preview", {
    body: { scope: "*", limit_usd: 10, days: 14, thresholds: [50, 90] },
  });
  expect(status).toBe(200);
  expect(body).toEqual({
    scope: "*",
    limit_usd: "10",
    window: "month",
    zone: "UTC",
    hard: true,
    from: "2025-11-01T00:00:00.000Z",
    to: "2025-11-15T12:00:00.001Z",
    calls: 4,
    cost_usd: "11",
    refused_calls: 2,
    refused_usd: "2",
    tenants: [
      { tenant: "acme", calls: 3, cost_usd: "8", refused_calls: 2, refused_usd: "2", first_refused_at: "2025-11-04T00:00:00.000Z" },
      { tenant: "globex", calls: 1, cost_usd: "3", refused_calls: 0, refused_usd: "0", first_refused_at: null },
    ],
    tenants_omitted: 0,
    thresholds: [
      { percent: 50, window_start: "2025-11-01T00:00:00.000Z", crossed_at: "2025-11-02T00:00:00.000Z" },
      { percent: 90, window_start: "2025-11-01T00:00:00.000Z", crossed_at: "2025-11-03T00:00:00.000Z" },
    ],
  });
  expect([store.budgetRows.size, store.auditRows.length]).toEqual([0, 0]);
});

it("goes on from page to page, and replays the first window whole", async () => {
  const calls = Array.from({ length: 20_001 }, () => ({
    ts: "2025-11-10T00:00:00.000Z",
    tenant: "acme",
    unit_cost_usd: "0.001",
    held_usd: "0.001",
  }));
  const { ask } = await withCalls([{ ts: "2025-11-01T00:00:00.000Z", tenant: "acme", unit_cost_usd: "9.99", held_usd: "9.99" }, ...calls]);
  const { body } = await ask("POST", "/api/v1/budgets/preview", { body: { scope: "*", limit_usd: 10, days: 7 } });
  expect(body).toMatchObject({ calls: 20_002, refused_calls: 19_991, cost_usd: "29.991" });
});

it.each([
  ["a scope that is none", { scope: "colour=red", limit_usd: 1 }, { code: "invalid_scope" }],
  ["a zone that does not exist", { scope: "*", limit_usd: 1, zone: "Mars/Base" }, { field: "/zone" }],
  ["a window of runs without a run", { scope: "*", limit_usd: 1, window: "run" }, { field: "/window" }],
  ["no days at all", { scope: "*", limit_usd: 1, days: 0 }, { field: "/days" }],
  ["a limit that is no amount", { scope: "*", limit_usd: "much" }, { code: "amount_invalid" }],
  ["a field that it does not know", { scope: "*", limit_usd: 1, reason: "x" }, { field: "/reason" }],
])("refuses %s", async (_, body, problem) => {
  const { ask } = await testApi();
  expect(await ask("POST", "/api/v1/budgets/preview", { body })).toMatchObject({ status: 400, body: problem });
});

it("says so when there is no warehouse", async () => {
  const { ask } = await testApi({ warehouse: undefined });
  const { status, body } = await ask("POST", "/api/v1/budgets/preview", { body: { scope: "*", limit_usd: 1 } });
  expect([status, body.code]).toEqual([503, "warehouse_missing"]);
});
