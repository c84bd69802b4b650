import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { unitCostsCsv, unitCostsText } from "../cli/commands/report-ucr-command.ts";
import { costChangeText } from "../cli/commands/report-why-command.ts";
import { markdownTable } from "../cli/markdown-table.ts";
import { printTable } from "../cli/print-table.ts";
import type { RequestTrace } from "../contract/request-trace.ts";
import { UNIT_COST_GROUPS } from "../contract/unit-cost-groups.ts";
import { formatDecimal, parseDecimal, usd } from "../core/money/usd.ts";
import { rational } from "../core/scenario/rational.ts";
import { COST_COMPONENTS } from "../core/unit-cost/measures.ts";
import type { UnitCostSettings } from "../core/unit-cost/unit-cost-settings.ts";
import { openChdbWarehouse } from "../data/warehouse/chdb-warehouse.ts";
import { aTrace } from "../ports/trace-test-kit.ts";
import type { Warehouse } from "../ports/warehouse.ts";
import { testApi } from "./api-test-kit.ts";

/* The API over the real engine. It is Saturday 15 November 2025, noon; last week is 3 to 9 November. */
const NOVEMBER = Date.UTC(2025, 10);
const DECEMBER = Date.UTC(2025, 11);
const pool = { driver: "tokens", scope: {}, from: 0, to: null } as const;
const settings: UnitCostSettings = {
  prices: [],
  pools: [
    { ...pool, name: "hosting", perMonthNano: usd("100.01") },
    { ...pool, name: "hosting", perMonthNano: usd("7"), from: DECEMBER },
    { ...pool, name: "search", perMonthNano: usd("10"), driver: "calls", scope: { use_case: "nobody's" } },
  ],
  revenue: [
    { kind: "per_request", nano: usd("0.5"), scope: { use_case: "support" }, from: 0, to: null },
    { kind: "per_month", pool: { ...pool, name: "licences", driver: "calls", perMonthNano: usd("30"), scope: { use_case: "triage" } } },
  ],
  levels: [{ name: "customers", value: rational(40n), scope: { use_case: "support" }, from: 0 }],
  baselines: [
    { useCase: "support", kind: "given", usd: rational(2n) },
    { useCase: "triage", kind: "measured", period: { start: NOVEMBER, end: Date.UTC(2025, 10, 4) } },
  ],
  abandonedAfterMs: 86_400_000,
};

let folder: string;
let warehouse: Warehouse;
let api: Awaited<ReturnType<typeof testApi>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ballast-unit-costs-"));
  warehouse = await openChdbWarehouse({ dir: folder });
  api = await testApi({ warehouse, unitCosts: settings });
  const rows = Array.from({ length: 90 }, (_, index) => aCall(index));
  await warehouse.insertTraces(rows.map((row) => JSON.stringify(row)));
});
afterAll(async () => {
  await warehouse?.close();
  await rm(folder, { recursive: true });
});

function aCall(index: number): RequestTrace {
  const cached = index % 9 === 4;
  const unpriced = index === 30;
  const nano = cached ? 0n : BigInt(index * index) * 1_003n + 17n;
  const part = { measure: "hitl_minutes", quantity: "0.5", depth_k: null, cost_basis: "priced", price_id: "p", reason: "" } as const;
  const unknown = {
    ...part,
    measure: "rerank_candidates",
    quantity: "5",
    cost_usd: null,
    cost_basis: "unpriced",
    reason: "no_price",
  } as const;
  return aTrace(
    { from: new Date(NOVEMBER), to: new Date(DECEMBER) },
    {
      ts: new Date(NOVEMBER + index * 4 * 3_600_000 - (index > 80 ? 2 * 86_400_000 : 0)).toISOString(),
      tenant: ["acme", "globex"][index % 2]!,
      use_case_id: ["support", "triage", "search"][index % 3]!,
      model_id: ["small", "large"][index % 4 === 0 ? 1 : 0]!,
      prompt_tokens: cached ? 0 : 100 + index,
      gen_tokens: cached ? 0 : 10 + (index % 7),
      cache_hit: cached,
      outcome: cached ? "replayed" : "complete",
      cost_basis: unpriced ? "unpriced" : cached ? "none" : "measured",
      unit_cost_usd: unpriced ? null : formatDecimal(nano, 9),
      input_cost_usd: unpriced ? null : formatDecimal((nano * 10n ** 9n) / 3n, 18),
      gen_cost_usd: unpriced ? null : formatDecimal((nano * 10n ** 9n) / 7n, 18),
      run_id: index % 5 === 0 ? "nightly" : "",
      parts: [...(index % 6 === 0 ? [{ ...part, cost_usd: "0.375" }] : []), ...(index % 20 === 0 ? [unknown] : [])],
    },
  );
}

const atto = (text: string) => parseDecimal(text, 18)!;
const total = (amounts: readonly string[]) =>
  formatDecimal(
    amounts.reduce((sum, text) => sum + atto(text), 0n),
    18,
  );

describe("GET /api/v1/unit-costs", () => {
  it("has components that add up to the total of a row and rows that add up to the total, for every filter and group", async () => {
    const filters = fc.constantFrom(
      "",
      "&tenant=acme",
      "&use_case=support",
      "&model=large&tenant=globex",
      "&run=nightly",
      "&from=2025-11-02T03:04:05Z",
    );
    const groups = fc.uniqueArray(fc.constantFrom(...UNIT_COST_GROUPS), { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(filters, groups, async (filter, groupBy) => {
        const { status, body } = await api.ask("GET", `/api/v1/unit-costs?group_by=${groupBy.join(",")}${filter}`);
        expect(status).toBe(200);
        for (const row of [...body.rows, body.total]) {
          expect(row.total_usd).toBe(total(COST_COMPONENTS.map((name) => row.components[name])));
          expect(row.requests).toBe(row.calls + row.cached);
        }
        for (const name of COST_COMPONENTS) {
          expect([name, body.total.components[name]]).toEqual([
            name,
            total(body.rows.map((row: typeof body.total) => row.components[name])),
          ]);
        }
        expect(body.total.revenue_usd ?? "0").toBe(total(body.rows.map((row: typeof body.total) => row.revenue_usd ?? "0")));
      }),
      { numRuns: 8 },
    );
  }, 120_000);

  it("shares exactly what the month has had of its pools, and names a pool that nobody could be charged", async () => {
    const { body } = await api.ask("GET", "/api/v1/unit-costs?window=month&group_by=run,model");
    // 14 and a half of 30 days, to the millisecond of the question.
    const accrued = (usd("100.01") * 10n ** 9n * BigInt(Date.UTC(2025, 10, 15, 12) - NOVEMBER)) / BigInt(DECEMBER - NOVEMBER);
    expect(body.total.components.orchestration).toBe(formatDecimal(accrued, 18));
    expect(body.pools.map((one: { name: string; shared: boolean }) => [one.name, one.shared])).toEqual([
      ["hosting", true],
      ["search", false],
    ]);
  });

  it("agrees with the costs of the same calls", async () => {
    const { body: costs } = await api.ask("GET", "/api/v1/costs?window=month&group_by=use_case");
    const { body } = await api.ask("GET", "/api/v1/unit-costs?window=month&group_by=use_case");
    for (const row of body.rows) {
      const same = costs.rows.find((one: { use_case: string }) => one.use_case === row.use_case);
      expect([row.calls, row.cached, total([row.components.input, row.components.generation])]).toEqual([
        same.calls,
        same.cached,
        same.cost_usd,
      ]);
    }
  });

  it("counts and names what has no price, and never takes it for zero", async () => {
    const { body } = await api.ask("GET", "/api/v1/unit-costs?window=month");
    expect(body.total.unpriced).toBe(1);
    expect(body.unpriced_models).toEqual([{ provider: "openai", model: "small", calls: 1 }]);
    expect(body.total.unpriced_parts).toEqual([{ measure: "rerank_candidates", reason: "no_price", count: 5 }]);
    const known = body.total.requests - 1;
    const each = parseDecimal(body.total.per_request_usd, 12)!;
    const exact = (atto(body.total.total_usd) * 2n + BigInt(known) * 10n ** 6n) / (2n * BigInt(known) * 10n ** 6n);
    expect(each).toBe(exact);
  });

  it("has revenue and margin, baseline and deviation, and counts of business where they hold", async () => {
    const { body } = await api.ask("GET", "/api/v1/unit-costs?window=month&group_by=use_case");
    const row = (name: string) => body.rows.find((one: { use_case: string }) => one.use_case === name);
    const [support, triage, search] = ["support", "triage", "search"].map(row);
    expect(support.revenue_usd).toBe(String(support.requests / 2));
    expect(support.margin_usd).toBe(formatDecimal(atto(support.revenue_usd) - atto(support.total_usd), 18));
    expect([support.baseline_usd, search.baseline_usd, search.revenue_usd, search.margin_percent]).toEqual(["2", null, null, null]);
    expect(Number(support.deviation_percent)).toBeCloseTo((Number(support.per_request_usd) / 2 - 1) * 100, 1);
    expect(support.business.customers).toMatchObject({ count: "40" });
    expect(search.business).toEqual({});
    const { body: early } = await api.ask("GET", "/api/v1/unit-costs?from=2025-11-01&to=2025-11-04&use_case=triage");
    expect([triage.baseline_usd, early.total.deviation_percent]).toEqual([early.total.per_request_usd, "0"]);
  });

  it("tells baselines as metrics, given and measured", async () => {
    const { text } = await api.ask("GET", "/metrics");
    expect(text).toContain('ucr_baseline{use_case="support"} 2\n');
    const { body } = await api.ask("GET", "/api/v1/unit-costs?from=2025-11-01&to=2025-11-04&use_case=triage");
    expect(text).toContain(`ucr_baseline{use_case="triage"} ${Number(body.total.per_request_usd)}`);
  });

  it("has the last hour, day, week and thirty days of each row when asked", async () => {
    const { body } = await api.ask("GET", "/api/v1/unit-costs?window=month&group_by=tenant&rolling=true");
    const { body: week } = await api.ask("GET", "/api/v1/unit-costs?window=7d&group_by=tenant");
    const acme = (answer: typeof body) => answer.rows.find((row: { tenant: string }) => row.tenant === "acme");
    const { requests, total_usd, per_request_usd } = acme(week);
    expect(acme(body).rolling["7d"]).toEqual({ requests, total_usd, per_request_usd });
    expect(Object.keys(body.total.rolling)).toEqual(["1h", "24h", "7d", "30d"]);
  });

  it.each([
    ["group_by=model,model", "group_by"],
    ["group_by=colour", "group_by"],
    ["window=month&from=2025-11-01", "window"],
    ["use_case=%00", "use_case"],
    ["colour=red", "colour"],
  ])("refuses %s", async (query, field) => {
    const { status, body } = await api.ask("GET", `/api/v1/unit-costs?${query}`);
    expect([status, body.field]).toEqual([400, `/${field}`]);
  });

  it("prints as a table, Markdown and CSV what it answers", async () => {
    const { body } = await api.ask("GET", "/api/v1/unit-costs?window=month&group_by=use_case&rolling=true");
    const text = unitCostsText(body, printTable);
    expect(text).toContain(body.total.total_usd);
    expect(text).toContain("1 calls of openai/small have no known cost and are in no sum.");
    expect(text).toContain("The pool search of 2025-11");
    expect(unitCostsText(body, markdownTable)).toMatch(/^\| use_case \| calls \| .*\n\| --- \| ---: \|/m);
    const csv = unitCostsCsv(body).split("\r\n");
    expect([csv.length, csv[0]!.split(",")[0]]).toEqual([4, "use_case"]);
  });
});

describe("GET /api/v1/unit-costs/change", () => {
  it("explains last week against the week before in parts that add up as they are shown", async () => {
    for (const filter of ["", "use_case=support", "use_case=triage&tenant=acme", "model=large"]) {
      const { status, body } = await api.ask("GET", `/api/v1/unit-costs/change?${filter}`);
      expect(status).toBe(200);
      expect([body.after.from, body.after.to, body.before.from]).toEqual([
        "2025-11-03T00:00:00.000Z",
        "2025-11-10T00:00:00.000Z",
        "2025-10-27T00:00:00.000Z",
      ]);
      const sum = (parts: { usd: string }[]) => total(parts.map(({ usd }) => usd));
      const less = (one: string, other: string) => formatDecimal(atto(one) - atto(other), 18);
      expect(sum(body.per_request.parts)).toBe(body.per_request.change_usd);
      expect(sum(body.total.parts)).toBe(body.total.change_usd);
      expect(body.total.change_usd).toBe(less(body.after.total_usd, body.before.total_usd));
      expect(body.per_request.change_usd).toBe(less(body.after.per_request_usd, body.before.per_request_usd));
      expect(body.per_request.parts.find((part: { cause: string }) => part.cause === "volume").usd).toBe("0");
    }
  });

  it("tells both weeks as the unit costs tell them", async () => {
    const { body } = await api.ask("GET", "/api/v1/unit-costs/change?use_case=search&week=2025-11-05");
    const { body: week } = await api.ask("GET", "/api/v1/unit-costs?use_case=search&from=2025-11-03&to=2025-11-10");
    expect([body.after.total_usd, body.after.requests, body.after.unpriced]).toEqual([
      week.total.total_usd,
      week.total.requests,
      week.total.unpriced,
    ]);
  });

  it("leaves calls without a known cost out, and says how many", async () => {
    const { body } = await api.ask("GET", "/api/v1/unit-costs/change?use_case=support&from=2025-11-05&to=2025-11-08");
    const { body: same } = await api.ask("GET", "/api/v1/unit-costs?use_case=support&from=2025-11-05&to=2025-11-08");
    expect([body.after.unpriced, body.after.requests]).toEqual([1, same.total.requests - 1]);
    expect(costChangeText(body, printTable)).toContain("1 calls from 2025-11-05 on have no known cost and are left out.");
  });

  it("has no explanation where a period has no requests", async () => {
    const { body } = await api.ask("GET", "/api/v1/unit-costs/change?use_case=unheard");
    expect([body.per_request, body.total, body.after.per_request_usd]).toEqual([null, null, null]);
    expect(costChangeText(body, printTable)).toContain("nothing to compare");
  });

  it("compares a week that is not over with as much of the week before", async () => {
    const { body } = await api.ask("GET", "/api/v1/unit-costs/change?week=this");
    const length = (one: { from: string; to: string }) => Date.parse(one.to) - Date.parse(one.from);
    expect(length(body.before)).toBe(length(body.after));
    expect(body.after.from).toBe("2025-11-10T00:00:00.000Z");
  });

  it.each([
    ["week=last&from=2025-11-01&to=2025-11-02", "week"],
    ["week=2025-12-24", "week"],
    ["from=2025-11-02", "to"],
    ["from=2025-11-02&to=2025-11-01", "to"],
    ["week=next", "week"],
  ])("refuses %s", async (query, field) => {
    const { status, body } = await api.ask("GET", `/api/v1/unit-costs/change?${query}`);
    expect([status, body.field]).toEqual([400, `/${field}`]);
  });
});
