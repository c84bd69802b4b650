import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPriceBook } from "../core/pricing/price-book.ts";
import { type PricePart, readPriceParts } from "../core/pricing/price-sources.ts";
import { openChdbWarehouse } from "../data/warehouse/chdb-warehouse.ts";
import { aTrace } from "../ports/trace-test-kit.ts";
import type { Warehouse } from "../ports/warehouse.ts";
import { testApi } from "./api-test-kit.ts";
import { priceLookup } from "./show-prices.ts";

const LIST = [{ id: "acme", models: [{ id: "m", match: { equals: "m" }, prices: { input_mtok: "3", output_mtok: "15" } }] }];
const part = (kind: PricePart["kind"], json: unknown): PricePart => ({ kind, name: kind, text: JSON.stringify(json) });
const FIRST = [part("shipped_list", LIST)];
const parts = [
  part("shipped_list", LIST),
  part("prices", [
    { provider: "acme", model: "m", input_mtok: "2", output_mtok: "10", currency: "EUR", valid_from: "2025-03-01", known_at: "2025-05-01" },
  ]),
  part("fx_rates", [{ currency: "EUR", usd: "1.1", source: "ECB" }]),
];
const REPRICE = "/api/v1/prices/reprice";

describe("prices in two times", () => {
  let folder: string;
  let warehouse: Warehouse;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "ballast-prices-api-"));
    warehouse = await openChdbWarehouse({ dir: folder });
    await warehouse.facts.rememberPrices(FIRST, new Date("2025-01-01"));
    const period = { from: new Date("2025-03-10"), to: new Date("2025-03-11") };
    const call = { provider: "acme", model_id: "m", prompt_tokens: 1000, gen_tokens: 100, price_id: "shipped_list/acme/m@start" };
    const traces = [
      aTrace(period, { ...call, unit_cost_usd: "0.0045" }),
      aTrace(period, { ...call, cost_basis: "unpriced", unit_cost_usd: null }),
    ];
    await warehouse.insertTraces(traces.map((trace) => JSON.stringify(trace)));
  }, 60_000);
  afterAll(async () => {
    await warehouse.close();
    rmSync(folder, { recursive: true });
  });

  const api = () => {
    const knowledge = { parts, sinceMs: Date.parse("2025-06-01"), priceLists: new Map([["acme", "acme"]]) };
    return testApi({ warehouse, knowledge, prices: priceLookup(createPriceBook(readPriceParts(parts)), ["acme"]) });
  };

  it("shows a price with its term, its currency and since when it is known, and the one that was known before", async () => {
    const { ask } = await api();
    const now = await ask("GET", "/api/v1/prices?provider=acme&model=m&at=2025-03-15");
    expect(now.body.prices[0]).toMatchObject({
      price_id: "override/acme/m@2025-03-01",
      currency: "EUR",
      known_at: "2025-05-01T00:00:00.000Z",
      terms: ["1 EUR = 1.1 USD, ECB"],
      rates: expect.arrayContaining([{ component: "input", per: "million_tokens", usd: "2.2", above_input_tokens: null }]),
    });
    const then = await ask("GET", "/api/v1/prices?provider=acme&model=m&at=2025-03-15&as_known_at=2025-04-01");
    expect(then.body).toMatchObject({ as_known_at: "2025-04-01T00:00:00.000Z", prices: [{ price_id: "shipped_list/acme/m@start" }] });
  });

  it("tells in a dry run what a month would cost, and leaves facts and audit log as they are", async () => {
    const { ask, store } = await api();
    const { status, body } = await ask("POST", `${REPRICE}?dry_run=true`, { body: { month: "2025-03" } });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      dry_run: true,
      repricing: null,
      remembered_since: "2025-01-01T00:00:00.000Z",
      booked: { calls: 2, unknown: 1, contracted_usd: "0.0045" },
      known_then: { calls: 1, unpriced: 0, list_usd: "0.0045", contracted_usd: "0.0045", billed_usd: "0.0045" },
      known_now: { calls: 1, unpriced: 0, list_usd: "0.0045", contracted_usd: "0.0033", billed_usd: "0.0033" },
      corrected_calls: 1,
      difference_usd: "-0.0012",
      after_usd: "0.0033",
      rounding_usd: "0",
      kept: [{ reason: "unpriced", calls: 1, cost_usd: "0" }],
    });
    expect(body.lines).toEqual([
      expect.objectContaining({ unit: "input", count: "1000", old_price_usd: "3", new_price_usd: "2.2", difference_usd: "-0.0008" }),
      expect.objectContaining({ unit: "output", count: "100", old_price_usd: "15", new_price_usd: "11", difference_usd: "-0.0004" }),
    ]);
    expect(store.auditRows).toEqual([]);
    expect(await warehouse.query("SELECT count() AS facts FROM finops.fact_cost")).toEqual([{ facts: "2" }]);
  });

  it("prices the month as it was known before, which changes nothing", async () => {
    const { ask } = await api();
    const { body } = await ask("POST", `${REPRICE}?dry_run=true`, { body: { month: "2025-03", as_known_at: "2025-04-30" } });
    expect([body.corrected_calls, body.lines, body.difference_usd]).toEqual([0, [], "0"]);
  });

  it("writes the facts with an audit entry, and changes nothing the second time", async () => {
    const { ask, store } = await api();
    const { body } = await ask("POST", REPRICE, { body: { month: "2025-03", reason: "contract" } });
    expect([body.repricing, body.before_usd, body.after_usd]).toEqual(["repricing_trace-1", "0.0045", "0.0033"]);
    expect(store.auditRows).toMatchObject([
      { actor: "admin", action: "prices.reprice", target: "2025-03", reason: "contract", before: "0.0045", after: "0.0033" },
    ]);
    const again = await ask("POST", REPRICE, { body: { month: "2025-03" } });
    expect(again.body).toMatchObject({ repricing: null, corrected_calls: 0, before_usd: "0.0033", after_usd: "0.0033" });
    const facts = await warehouse.query("SELECT kind, contracted_cost_usd AS usd FROM finops.fact_cost ORDER BY kind, usd");
    expect(facts).toEqual([
      { kind: "original", usd: "0.0045" },
      { kind: "original", usd: null },
      { kind: "repriced", usd: "0.0033" },
      { kind: "reversal", usd: "-0.0045" },
    ]);
  });

  it("is for administrators, for months that have begun, and needs a warehouse", async () => {
    const { ask } = await api();
    expect(await ask("POST", REPRICE, { token: null, body: { month: "2025-03" } })).toMatchObject({ status: 401 });
    expect(await ask("POST", REPRICE, { body: { month: "2999-01" } })).toMatchObject({ status: 400, body: { code: "invalid_request" } });
    expect(await ask("POST", REPRICE, { body: { month: "2025-13" } })).toMatchObject({ status: 400, body: { code: "invalid_request" } });
    expect(await ask("POST", REPRICE, { body: { month: "2025-03", as_known_at: "soon" } })).toMatchObject({ status: 400 });
    const { ask: without } = await testApi({ warehouse: undefined });
    expect(await without("POST", REPRICE, { body: { month: "2025-03" } })).toMatchObject({
      status: 503,
      body: { code: "warehouse_missing" },
    });
  });

  it("leaves word in the audit log when it was cut off", async () => {
    const { ask, store } = await testApi();
    expect(await ask("POST", REPRICE, { body: { month: "2025-03" } })).toMatchObject({ body: { code: "warehouse_unavailable" } });
    expect(store.auditRows).toMatchObject([{ action: "prices.reprice", reason: expect.stringContaining("cut off"), after: null }]);
  });
});
