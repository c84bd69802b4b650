import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatDecimal, parseDecimal } from "../core/money/usd.ts";
import { NO_UNIT_COST_SETTINGS } from "../core/unit-cost/unit-cost-settings.ts";
import { openChdbWarehouse } from "../data/warehouse/chdb-warehouse.ts";
import { aTrace } from "../ports/trace-test-kit.ts";
import type { Warehouse } from "../ports/warehouse.ts";
import { ADMIN_TOKEN, NOON, testApi } from "./api-test-kit.ts";

const price = { upToK: null, useCase: null, validFrom: 0 } as const;
const unitCosts = {
  ...NO_UNIT_COST_SETTINGS,
  prices: [
    { ...price, measure: "hitl_minutes", picoUsd: 750_000_000_000n },
    { ...price, measure: "hitl_minutes", picoUsd: 1_000_000_000_000n, validFrom: Date.parse("2025-11-10") },
    { ...price, measure: "retrieval_queries", picoUsd: 400_000_000n, upToK: 5 },
  ],
} as const;

const anEvent = (data: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
  specversion: "1.0",
  id: "1",
  source: "/reviews",
  type: "UsageMetered",
  time: "2025-11-05T10:00:00Z",
  data,
  ...more,
});
const MINUTES = { tenant: "acme", resource_type: "hitl_minutes", units: 2 };

describe("POST /api/v1/events", () => {
  it("keeps one event, a batch, and JSON that names events, each priced at the time of its use", async () => {
    const api = await testApi({ unitCosts });
    const single = { "content-type": "application/cloudevents+json; charset=utf-8" };
    const one = await api.ask("POST", "/api/v1/events", { headers: single, body: anEvent(MINUTES) });
    expect([one.status, one.body]).toEqual([200, { accepted: 1, events: [{ id: "1", source: "/reviews", cost_usd: "1.5", reason: "" }] }]);
    const batch = { "content-type": "application/cloudevents-batch+json" };
    const later = anEvent(MINUTES, { id: "2", time: "2025-11-10T00:00:00Z" });
    const deep = anEvent({ tenant: "acme", resource_type: "retrieval_queries", units: "3", depth_k: 9 }, { id: "3" });
    const many = await api.ask("POST", "/api/v1/events", { headers: batch, body: [later, deep] });
    expect(many.body.events.map((event: { cost_usd: string; reason: string }) => [event.cost_usd, event.reason])).toEqual([
      ["2", ""],
      [null, "no_price_at_k"],
    ]);
    const given = anEvent({ ...MINUTES, cost_usd: 0.1 }, { id: "4", partitionkey: "an extension" });
    const plain = await api.ask("POST", "/api/v1/events", { body: { events: [given] } });
    expect(plain.body.events[0].cost_usd).toBe("0.1");
    expect(api.store.facts.map((fact) => JSON.parse(fact).cost_basis)).toEqual(["priced", "priced", "unpriced", "provided"]);
  });

  it("keeps the first of one identity in a batch, takes numbers in any notation, and nothing that costs more than a million", async () => {
    const api = await testApi({ unitCosts });
    const batch = [anEvent(MINUTES), anEvent({ ...MINUTES, units: 4 }), anEvent({ ...MINUTES, units: 5e-5 }, { id: "2" })];
    expect((await api.ask("POST", "/api/v1/events", { body: { events: batch } })).status).toBe(200);
    expect(api.store.facts.map((fact) => JSON.parse(fact).quantity)).toEqual(["2", "0.00005"]);
    const absurd = await api.ask("POST", "/api/v1/events", { body: { events: [anEvent({ ...MINUTES, units: 1e12 }, { id: "3" })] } });
    expect([absurd.status, absurd.body.code, absurd.body.field]).toEqual([400, "amount_invalid", "/events/0/data/units"]);
  });

  it("keeps the digits that were sent", async () => {
    const api = await testApi({ unitCosts });
    const reads = { tenant: "acme", resource_type: "vector_reads", units: 2 };
    const text = JSON.stringify({ events: [anEvent(reads)] }).replace('"units":2', '"units":9007199254.740993');
    await api.ask("POST", "/api/v1/events", { body: text });
    expect(JSON.parse(api.store.facts[0]!).quantity).toBe("9007199254.740993");
  });

  it.each([
    ["an unknown type", { ...anEvent(MINUTES), type: "UsageGuessed" }, "/events/0/type"],
    ["another version", { ...anEvent(MINUTES), specversion: "0.3" }, "/events/0/specversion"],
    ["no id", { ...anEvent(MINUTES), id: undefined }, "/events/0/id"],
    ["a field too many", anEvent({ ...MINUTES, unit: 3 }), "/events/0/data/unit"],
    ["neither tenant nor call", anEvent({ ...MINUTES, tenant: undefined }), "/events/0/data/tenant"],
    ["no quantity", anEvent({ ...MINUTES, units: undefined }), "/events/0/data/units"],
    ["a quantity below zero", anEvent({ ...MINUTES, units: -1 }), "/events/0/data/units"],
    ["a quantity with too many decimals", anEvent({ ...MINUTES, units: "1.0000001" }), "/events/0/data/units"],
    ["an unknown resource", anEvent({ ...MINUTES, resource_type: "coffee" }), "/events/0/data/resource_type"],
    ["what belongs to another type", anEvent({ ...MINUTES, metric: "reports" }), "/events/0/data/metric"],
    ["a start without a name", anEvent({ tenant: "acme", kind: "job" }, { type: "RunStarted" }), "/events/0/data/job"],
    ["a value that is no scope", anEvent({ ...MINUTES, use_case: "<b>" }), "/events/0/data/use_case"],
    ["a time to come", anEvent(MINUTES, { time: "2025-11-16T12:00:00Z" }), "/events/0/time"],
    ["a time before all", anEvent(MINUTES, { time: "1999-12-31T00:00:00Z" }), "/events/0/time"],
    ["an attribute that is an object", anEvent(MINUTES, { extra: { a: 1 } }), "/events/0/extra"],
  ])("refuses %s, and with it the whole batch", async (_, event, field) => {
    const api = await testApi({ unitCosts });
    const body = { events: [event, anEvent(MINUTES, { id: "fine" })] };
    const { status, body: problem } = await api.ask("POST", "/api/v1/events", { body });
    expect([status, problem.field, api.store.facts]).toEqual([400, field, []]);
  });

  it("refuses no events, too many, other media types, and a stranger where reads are closed", async () => {
    const api = await testApi({ unitCosts });
    expect((await api.ask("POST", "/api/v1/events", { body: { events: [] } })).status).toBe(400);
    const many = Array.from({ length: 1001 }, (_, index) => anEvent(MINUTES, { id: String(index) }));
    expect((await api.ask("POST", "/api/v1/events", { body: { events: many } })).status).toBe(400);
    const xml = { "content-type": "application/cloudevents+xml" };
    expect((await api.ask("POST", "/api/v1/events", { headers: xml, body: "<event/>" })).status).toBe(415);
    const closed = await testApi({ unitCosts, openReads: false });
    expect((await closed.ask("POST", "/api/v1/events", { token: null, body: { events: [anEvent(MINUTES)] } })).status).toBe(401);
  });
});

describe("events in the warehouse", () => {
  let folder: string;
  let warehouse: Warehouse;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ballast-events-"));
    warehouse = await openChdbWarehouse({ dir: folder });
  });
  afterAll(async () => {
    await warehouse?.close();
    await rm(folder, { recursive: true });
  });

  it("count once, however often, in whatever order and at whatever hour they arrive", { timeout: 120_000 }, async () => {
    let run = 0;
    const hours = await Promise.all([0, 1, 2, 3].map((hour) => testApi({ unitCosts, at: NOON + hour * 3_600_000 })));
    const reader = await testApi({ unitCosts, warehouse, at: NOON + 86_400_000 });
    const units = fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 6, maxLength: 6 });
    const deliveries = fc.array(fc.array(fc.nat(5), { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(units, deliveries, async (amounts, batches) => {
        const tenant = `t${run++}`;
        for (const [index, batch] of batches.entries()) {
          // A later delivery at a later price: what was told first stands. Events without a time get another one each time.
          const api = hours[index]!;
          api.store.facts.length = 0;
          const events = batch.map((which) => {
            const data = { tenant, resource_type: "hitl_minutes", units: amounts[which]!, use_case: `u${which % 2}` };
            return anEvent(data, { id: `${tenant}-${which}`, ...(which < 3 ? {} : { time: undefined }) });
          });
          await api.ask("POST", "/api/v1/events", { body: { events } });
          await warehouse.insertFacts(api.store.facts);
        }
        const told = [...new Set(batches.flat())];
        const expected = told.reduce((sum, which) => sum + BigInt(amounts[which]!) * (which < 3 ? 75n : 100n), 0n);
        const { body } = await reader.ask("GET", `/api/v1/unit-costs?window=month&tenant=${tenant}&group_by=use_case`);
        expect(body.total.components.human).toBe(formatDecimal(expected, 2));
        const rows = body.rows.map((row: { components: { human: string } }) => parseDecimal(row.components.human, 2)!);
        expect(rows.reduce((sum: bigint, row: bigint) => sum + row, 0n)).toBe(expected);
      }),
      { numRuns: 8 },
    );
  });

  it("give a call's group what was told of it afterwards, and revenue and reports where they say", async () => {
    const november = { from: new Date("2025-11-01"), to: new Date("2025-12-01") };
    const trace = aTrace(november, { tenant: "later", use_case_id: "desk", ts: "2025-11-03T00:00:00.000Z" });
    await warehouse.insertTraces([JSON.stringify(trace)]);
    const api = await testApi({ unitCosts, warehouse });
    const events = [
      anEvent({ trace_id: trace.trace_id, resource_type: "hitl_minutes", units: 4 }),
      anEvent({ tenant: "later", use_case: "desk", revenue_usd: "12.5" }, { type: "RevenueRecorded", id: "2" }),
      anEvent({ tenant: "later", use_case: "desk", metric: "reports", units: 5 }, { type: "BusinessMetric", id: "3" }),
      anEvent({ tenant: "later", use_case: "desk", resource_type: "gpu_hours", units: 3 }, { id: "4" }),
    ];
    await api.ask("POST", "/api/v1/events", { body: { events } });
    await warehouse.insertFacts(api.store.facts);
    const { body } = await api.ask("GET", "/api/v1/unit-costs?window=month&tenant=later&group_by=use_case");
    expect(body.rows).toHaveLength(1);
    expect(body.rows[0]).toMatchObject({
      use_case: "desk",
      calls: 1,
      total_usd: "3.000065",
      revenue_usd: "12.5",
      margin_percent: "76",
      gpu_hours: "3",
      business: { reports: { count: "5", usd_per_one: "0.600013" } },
      unpriced_parts: [{ measure: "gpu_hours", reason: "no_price", count: 1 }],
    });
  });
});

describe("events of a virtual key", () => {
  async function withKey(scope: object, more: object = {}) {
    const api = await testApi({ unitCosts, openReads: false });
    const { secret } = (await api.ask("POST", "/api/v1/keys", { body: { name: "app", scope, ...more } })).body;
    const send = (data: Record<string, unknown>, token: string | null = secret) =>
      api.ask("POST", "/api/v1/events", { body: { events: [anEvent(data)] }, token });
    const kept = () => api.store.facts.map((text) => JSON.parse(text) as Record<string, unknown>);
    return { send, kept };
  }
  const { tenant: _, ...UNNAMED } = MINUTES;

  it("are its tenant's and of what else it fixes, said or not", async () => {
    const { send, kept } = await withKey({ tenant: "acme", use_case: "desk", team: "support" });
    for (const data of [UNNAMED, MINUTES, { ...UNNAMED, team: "support", feature: "chat" }]) expect((await send(data)).status).toBe(200);
    expect(kept().map(({ tenant, use_case_id, team, feature }) => [tenant, use_case_id, team, feature])).toEqual([
      ["acme", "desk", "support", ""],
      ["acme", "desk", "support", ""],
      ["acme", "desk", "support", "chat"],
    ]);
  });

  it("are refused for another tenant or use case than its own, unless it may name it", async () => {
    const { send, kept } = await withKey({ tenant: "acme", use_case: "desk" });
    const refused = await send({ ...MINUTES, tenant: "globex" });
    expect([refused.status, refused.body]).toMatchObject([403, { code: "scope_not_allowed", field: "/events/0/data/tenant" }]);
    expect((await send({ ...MINUTES, use_case: "search" })).body.field).toBe("/events/0/data/use_case");
    expect(kept()).toEqual([]);
    const other = await withKey({ tenant: "acme", use_case: "desk" }, { may_name: ["use_case"] });
    expect((await other.send({ ...MINUTES, use_case: "search" })).status).toBe(200);
    expect(other.kept()[0]).toMatchObject({ tenant: "acme", use_case_id: "search" });
  });

  it("are taken from the admin for any tenant, and from nobody without a key or with a wrong one while reads are closed", async () => {
    const { send, kept } = await withKey({ tenant: "acme" });
    expect((await send({ ...MINUTES, tenant: "globex" }, ADMIN_TOKEN)).status).toBe(200);
    expect((await send(UNNAMED, ADMIN_TOKEN)).body).toMatchObject({ code: "invalid_request", field: "/events/0/data/tenant" });
    expect((await send(MINUTES, null)).body.code).toBe("key_missing");
    expect((await send(MINUTES, "sk-ballast-guessed")).body.code).toBe("key_unknown");
    expect(kept()).toHaveLength(1);
  });
});
