import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatDecimal, formatUsd, parseDecimal, usd } from "../core/money/usd.ts";
import { callAmounts } from "../core/pricing/call-amounts.ts";
import { knownBooks } from "../core/pricing/known-books.ts";
import { type PricePart, type PricePartKind, readPriceParts } from "../core/pricing/price-sources.ts";
import { usageOfTrace } from "../core/usage/usage-details.ts";
import { openChdbWarehouse } from "../data/warehouse/chdb-warehouse.ts";
import { aTrace } from "../ports/trace-test-kit.ts";
import type { Warehouse } from "../ports/warehouse.ts";
import { seededDraws } from "../std/seeded-draws.ts";
import { type RepriceQuestion, repriceMonth } from "./reprice-month.ts";

const prices = { input_mtok: "3", cache_read_mtok: "0.3", output_mtok: "15" };
const LIST = [
  {
    id: "acme",
    models: [
      { id: "large", match: { starts_with: "large" }, prices },
      { id: "small", match: { equals: "small" }, prices: { input_mtok: "0.15", output_mtok: "0.6", requests_kcount: "0.01" } },
    ],
  },
];
const part = (kind: PricePartKind, json: unknown): PricePart => ({ kind, name: kind, text: JSON.stringify(json) });

/** What is known from the start, and what is known later of the months before. */
const FIRST = [part("shipped_list", LIST)];
const CORRECTED = [
  part("shipped_list", LIST),
  part("prices", [{ provider: "acme", model: "large", input_mtok: "2.5", cache_read_mtok: "0.25", output_mtok: "15.0000001" }]),
  part("contracts", [{ id: "c", provider: "acme", model: "small", discount_percent: "10", commitment_usd: "5", valid_from: "2026-03-01" }]),
  part("markups", [
    { percent: "20", valid_from: "2026-03-05" },
    { tenant: "globex", percent: "50", valid_from: "2026-03-06" },
  ]),
];
const STARTED = Date.parse("2026-01-01");
const LEARNED = Date.parse("2026-06-01");

describe("repricing a month", () => {
  let folder: string;
  let warehouse: Warehouse;
  const march = { from: new Date("2026-03-01"), to: new Date("2026-04-01") };
  let booked = 0n;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "ballast-reprice-"));
    warehouse = await openChdbWarehouse({ dir: folder });
    await warehouse.facts.rememberPrices(FIRST, new Date(STARTED));
    const traces = marchTraces(400);
    booked = traces.reduce((sum, { unit_cost_usd: cost }) => sum + usd(cost ?? "0"), 0n);
    await warehouse.insertTraces(traces.map((trace) => JSON.stringify(trace)));
  }, 60_000);
  afterAll(async () => {
    await warehouse.close();
    rmSync(folder, { recursive: true });
  });

  const reprice = (over: Partial<RepriceQuestion>, parts = CORRECTED, sinceMs = LEARNED) =>
    repriceMonth(
      { ...march, asKnownAtMs: LEARNED, now: LEARNED + 1000, repricingId: undefined, ...over },
      { facts: warehouse.facts, knowledge: { parts, sinceMs, priceLists: new Map([["house", "acme"]]) } },
    );
  const facts = async () => {
    const rows = await warehouse.query(
      "SELECT kind, count() AS facts, sum(contracted_cost_usd) AS usd FROM finops.fact_cost GROUP BY kind",
    );
    return new Map(rows.map((row) => [String(row.kind), { facts: Number(row.facts), nano: parseDecimal(String(row.usd), 9) ?? 0n }]));
  };

  it("reproduces what was booked to the digit, by what was known then", async () => {
    const found = await reprice({ asKnownAtMs: STARTED }, FIRST, STARTED);
    const estimated = usd("0.5");
    expect(formatUsd(found.comparison.asThen.contractedNano + estimated + usd("0.07"))).toBe(formatUsd(booked));
    expect([found.comparison.lines(), found.correctedCalls, found.differenceNano, found.bookedOtherwiseNano]).toEqual([[], 0, 0n, 0n]);
    expect(found.beforeNano).toBe(booked);
  });

  it("tells the difference line by line, to the digit, and writes nothing in a dry run", async () => {
    const found = await reprice({});
    const { comparison } = found;
    const lines = comparison.lines();
    const atto = lines.reduce((sum, line) => sum + line.newAtto - line.oldAtto, 0n);
    const rounding = comparison.roundingNowAtto - comparison.roundingThenAtto;
    expect(formatDecimal(atto + rounding, 18)).toBe(formatUsd(found.differenceNano));
    expect(comparison.asNow.contractedNano - comparison.asThen.contractedNano).toBe(found.differenceNano);
    const input = lines.find(({ model, unit }) => model === "large" && unit === "input");
    expect([input?.oldEach, input?.newEach, input?.oldPriceId, input?.newPriceId]).toEqual([
      3_000_000_000_000n,
      2_500_000_000_000n,
      "shipped_list/acme/large@start",
      "override/acme/large@start",
    ]);
    for (const { count, oldEach, newEach, oldAtto, newAtto } of lines)
      expect([count * (oldEach ?? 0n), count * (newEach ?? 0n)]).toEqual([oldAtto, newAtto]);
    expect(await facts()).toEqual(new Map([["original", { facts: 404, nano: booked }]]));
  });

  it("keeps list, contracted and billed cost apart, by tenant", async () => {
    const { comparison, tenants } = await reprice({});
    const { listNano, contractedNano, billedNano, unlisted } = comparison.asNow;
    expect([listNano, unlisted]).toEqual([comparison.asThen.contractedNano, 0]);
    expect(contractedNano).toBeLessThan(listNano);
    expect(billedNano).toBeGreaterThan(contractedNano);
    const sums = [...tenants.values()].reduce((sum, one) => [sum[0]! + one.contractedNano, sum[1]! + one.billedNano], [0n, 0n]);
    expect(sums).toEqual([contractedNano, billedNano]);
  });

  it("shows what is missing to the committed spend of the month, and counts estimated costs as spent", async () => {
    const [commitment] = (await reprice({})).commitments;
    const rows = await warehouse.query("SELECT sum(unit_cost_usd) AS usd FROM finops.request_trace WHERE model_id = 'small'");
    expect(commitment?.contract.id).toBe("c");
    expect(commitment!.usedNano).toBeLessThan(usd(String(rows[0]!.usd)));
    expect(commitment!.usedNano).toBeGreaterThan(usd("0.5"));
  });

  it("writes a reversing and a new fact for each call that costs something else, and nothing the second time", async () => {
    const found = await reprice({ repricingId: "repricing_1" });
    const written = await facts();
    expect(written.get("original")).toEqual({ facts: 404, nano: booked });
    expect(written.get("repriced")!.facts).toBe(found.correctedCalls);
    expect(written.get("reversal")!.facts).toBe(found.correctedCalls);
    const total = [...written.values()].reduce((sum, { nano }) => sum + nano, 0n);
    expect(total).toBe(booked + found.differenceNano);

    const again = await reprice({ repricingId: "repricing_2" });
    expect([again.correctedCalls, again.differenceNano, again.beforeNano]).toEqual([0, 0n, total]);
    expect(again.bookedOtherwiseNano).toBe(found.differenceNano);
    expect(await facts()).toEqual(written);
  });

  it("takes a repricing up again that was cut off, and counts every fact once", async () => {
    const before = await facts();
    const asked = { from: march.from, to: new Date("2026-03-15"), cuts: [march.from.getTime()], byTenant: true };
    const shapes = await warehouse.facts.usageShapes(asked);
    const doubled = shapes.slice(0, 50).map((shape) => {
      const contractedUsd = formatUsd(usd(shape.currentUsd) * 2n);
      return { shape, priceId: "doubled", listUsd: null, contractedUsd, billedUsd: contractedUsd };
    });
    const write = (batch: number) => warehouse.facts.appendRepriced({ id: "cut-off", knownAt: new Date(LEARNED), batch }, asked, doubled);
    await write(1);
    const half = await facts();
    const calls = doubled.reduce((sum, { shape }) => sum + shape.calls, 0);
    expect(half.get("repriced")!.facts - before.get("repriced")!.facts).toBe(calls);
    // Sent again, as after a lost answer: the calls cost something else by then, so there is nothing to correct.
    await write(2);
    expect(await facts()).toEqual(half);

    const found = await reprice({ repricingId: "repricing_3" });
    expect(found.correctedCalls).toBe(calls);
    const sumOf = (totals: typeof before) => [...totals.values()].reduce((sum, { nano }) => sum + nano, 0n);
    expect(sumOf(await facts())).toBe(sumOf(before));
    expect(await warehouse.query("SELECT max(revision) AS revision FROM finops.fact_cost")).toEqual([{ revision: 3 }]);
  });

  it("goes back to what was booked when the month is priced by what was known then", async () => {
    await reprice({ repricingId: "repricing_back", asKnownAtMs: STARTED });
    expect([...(await facts()).values()].reduce((sum, { nano }) => sum + nano, 0n)).toBe(booked);
  });

  it("gives each call the cost that pricing it alone gives", async () => {
    await reprice({ repricingId: "repricing_4" });
    const rows = await warehouse.query("SELECT trace_id, sum(contracted_cost_usd) AS usd FROM finops.fact_cost GROUP BY trace_id");
    const costs = new Map(rows.map((row) => [String(row.trace_id), String(row.usd)]));
    const known = knownBooks([{ knownAtMs: 0, sources: readPriceParts(CORRECTED) }]).asKnownAt(LEARNED);
    const traces = await warehouse.traces({ ...march, filter: {}, limit: 1000 });
    for (const trace of traces.filter(({ cost_basis, price_id }) => cost_basis === "measured" && price_id !== "")) {
      const call = { provider: "acme", model: trace.model_id, serviceTier: trace.service_tier, tenant: trace.tenant };
      const cost = callAmounts(known, { ...call, usage: usageOfTrace(trace)! }, Date.parse(trace.ts));
      expect([trace.trace_id, costs.get(trace.trace_id)]).toEqual([
        trace.trace_id,
        cost.outcome === "priced" && formatUsd(cost.contractedNano),
      ]);
    }
  });

  it("leaves a cost that the provider said as it is", async () => {
    const may = { from: new Date("2026-05-01"), to: new Date("2026-06-01") };
    const said = {
      provider: "house",
      model_id: "large",
      price_id: "provider_reported/acme/large",
      input_cost_usd: null,
      gen_cost_usd: null,
    };
    const told = aTrace({ ...march, ...may }, { ...said, ts: "2026-05-03T00:00:00.000Z", trace_id: "told", unit_cost_usd: "0.123" });
    await warehouse.insertTraces([JSON.stringify(told)]);
    const found = await reprice(may);
    expect([found.correctedCalls, found.differenceNano]).toEqual([0, 0n]);
    expect(found.unpriceable.get("provider_reported")).toEqual({ calls: 1, nano: usd("0.123") });
  });

  it("keeps the cost of a call that has no price any more, and says why", async () => {
    const before = await facts();
    const parts = [part("shipped_list", LIST), part("prices", [{ provider: "acme", model: "large", input_mtok: "2", currency: "EUR" }])];
    const later = LEARNED + 10_000;
    const found = await reprice({ asKnownAtMs: later, now: later, repricingId: "repricing_5" }, parts, later);
    const kept = found.unpriceable.get("no_fx_rate: EUR");
    expect(kept!.calls).toBeGreaterThan(100);
    expect(found.comparison.asNow.unpriced).toBe(kept!.calls);
    expect((await facts()).get("original")).toEqual(before.get("original"));
    const large = await warehouse.query(
      "SELECT countIf(repricing_id = 'repricing_5') AS rows FROM finops.fact_cost WHERE model_id = 'large'",
    );
    expect(large).toEqual([{ rows: "0" }]);
  });
});

/** Calls of two models and three tenants, priced by what was known at first; and four that are not priced from usage. */
function marchTraces(count: number) {
  const draw = seededDraws(7);
  const known = knownBooks([{ knownAtMs: 0, sources: readPriceParts(FIRST) }]).asKnownAt(STARTED);
  const period = { from: new Date("2026-03-01"), to: new Date("2026-04-01") };
  const whole = (most: number) => draw() % most;
  const traces = Array.from({ length: count }, (_, index) => {
    const tenant = ["initech", "globex", "hooli"][index % 3]!;
    const model = index % 2 === 0 ? "large" : "small";
    const prompt_tokens = 1 + whole(3) * 1000 + whole(20);
    const cache_read_tokens = index % 4 === 0 ? whole(prompt_tokens) : 0;
    const counts = {
      prompt_tokens,
      gen_tokens: whole(300),
      cache_read_tokens,
      usage_details: index % 5 ? {} : { web_searches: 0, cache_write_1h_tokens: 0 },
    };
    const trace = aTrace(period, { ...counts, tenant, provider: "house", model_id: model });
    const usage = usageOfTrace(trace)!;
    const cost = callAmounts(known, { provider: "acme", model, serviceTier: "", tenant, usage }, STARTED);
    if (cost.outcome === "unpriced") throw new Error(cost.reason);
    const ts = new Date(period.from.getTime() + whole(30 * 86_400_000)).toISOString();
    return { ...trace, ts, unit_cost_usd: formatUsd(cost.contractedNano), price_id: cost.price.id };
  });
  const other = { provider: "house", model_id: "small", price_id: "shipped_list/acme/small@start" };
  return [
    ...traces,
    aTrace(period, { ...other, cost_basis: "estimated", unit_cost_usd: "0.5" }),
    aTrace(period, { ...other, cost_basis: "in_doubt", unit_cost_usd: null }),
    aTrace(period, { ...other, cost_basis: "unpriced", unit_cost_usd: null }),
    aTrace(period, { ...other, price_id: "", operation: "track", unit_cost_usd: "0.07" }),
  ];
}
