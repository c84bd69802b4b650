import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COST_FILTERS, COST_GROUPS } from "../contract/cost-groups.ts";
import type { RequestTrace } from "../contract/request-trace.ts";
import { ATTO_PER_USD, formatDecimal } from "../core/money/usd.ts";
import { addUp, byGroup, expectedCosts, FIELD_OF, sumAtto, total } from "./expected-costs-test-kit.ts";
import { aMixedTrace, aTrace, insert, yearOf } from "./trace-test-kit.ts";
import type { CostsQuestion, Warehouse } from "./warehouse.ts";

export interface WarehouseUnderTest {
  readonly warehouse: Warehouse;
  /** Ends the engine without warning; absent where it is not ours to end. */
  readonly killEngine?: () => void;
  /** Opens the same data a second time; absent where that is allowed. */
  readonly openAgain?: () => Promise<Warehouse>;
  dispose(): Promise<void>;
}

/** What every warehouse does. Tests share one engine and keep apart by year, so the data may be there already but the years 2001 to 2020 not. */
export function warehouseConformance(name: string, open: () => Promise<WarehouseUnderTest>): void {
  describe(`${name} as a warehouse`, () => {
    let subject: WarehouseUnderTest;
    let warehouse: Warehouse;
    let year = 2000;
    const nextYear = () => yearOf(++year);

    beforeAll(async () => {
      subject = await open();
      warehouse = subject.warehouse;
    });
    afterAll(() => subject?.dispose());

    it("gives a trace back as it came, to the last digit and character", async () => {
      const period = nextYear();
      const trace = aTrace(period, {
        unit_cost_usd: "12345678901.000000001",
        input_cost_usd: "0.000000000000000001",
        gen_cost_usd: null,
        held_usd: "99999999999999999999.999999999999999999",
        feature: "semi;colon 'quote' \"double\" \\ back\nline\ttab {brace} é 😀 \u0000 -- /* */",
        prompt_tokens: Number.MAX_SAFE_INTEGER,
        depth_k: 0,
        latency_ms: 12.345678,
        levers: ["cap:350", "it's"],
        usage_details: { cache_write_1h_tokens: 12, web_searches: 3 },
        session_id: "chat-7",
        experiment_id: "shorter-prompts",
        cache_kind: "semantic",
        avoided_cost_usd: "0.000000001",
        holdout: true,
        complexity: 0.375,
        model_size: "medium",
        stream: true,
      });
      expect(await insert(warehouse, [trace])).toEqual({ accepted: 1, rejected: [] });
      expect(await warehouse.traces({ ...period, filter: { feature: trace.feature }, limit: 10 })).toEqual([trace]);
    });

    it("takes traces from a file as it does from a list, once, and says when a row cannot be read", async () => {
      const period = nextYear();
      const path = join(mkdtempSync(join(tmpdir(), "ballast-traces-")), "traces");
      const trace = aTrace(period, { feature: "from a file" });
      writeFileSync(path, JSON.stringify(trace));
      expect([await warehouse.insertTraceFile(path), await warehouse.insertTraceFile(path)]).toEqual([true, true]);
      expect(await warehouse.traces({ ...period, filter: { feature: trace.feature }, limit: 10 })).toEqual([trace]);
      writeFileSync(path, `${JSON.stringify(trace)}\n{"ts":`);
      expect(await warehouse.insertTraceFile(path)).toBe(false);
    });

    it("counts each trace once, however often it came and in whatever batches", { timeout: 120_000 }, async () => {
      const batches = fc.array(fc.array(fc.nat(29), { minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 8 });
      const costs = fc.array(fc.option(fc.bigInt(0n, 10n ** 24n)), { minLength: 30, maxLength: 30 });
      let run = 0;
      const period = nextYear();
      await fc.assert(
        fc.asyncProperty(batches, costs, fc.boolean(), async (deliveries, atto, together) => {
          const tenant = `run-${run++}`;
          const traces = atto.map((cost) => aTrace(period, { tenant, unit_cost_usd: cost === null ? null : formatDecimal(cost, 18) }));
          const insertions = deliveries.map((batch) => () => insert(warehouse, pick(traces, batch)));
          if (together) await Promise.all(insertions.map((go) => go()));
          else for (const go of insertions) await go();
          const arrived = pick(traces, [...new Set(deliveries.flat())]);
          const question = { ...period, filter: { tenant }, groupBy: [] };
          expect(await warehouse.costs(question)).toEqual(expectedCosts(arrived, question));
        }),
        { numRuns: 12, verbose: 1 },
      );
    });

    it("gives the calls of a scope in order of time, page by page, each once, without those that cost nothing", async () => {
      const period = nextYear();
      const at = (minute: number) => new Date(period.from.getTime() + minute * 60_000).toISOString();
      const one = {
        tenant: "acme",
        model_id: "gpt-4o-2024-08-06",
        price_id: "openai/gpt-4o@start",
        held_usd: "2",
        unit_cost_usd: "1.000000001",
      };
      const calls = [
        aTrace(period, { ...one, trace_id: "c", ts: at(2) }),
        aTrace(period, { ...one, trace_id: "b", ts: at(2), unit_cost_usd: null, cost_basis: "in_doubt" }),
        aTrace(period, { ...one, trace_id: "a", ts: at(3), outcome: "tracked" }),
        aTrace(period, { ...one, trace_id: "d", ts: at(1) }),
      ];
      const others = [
        aTrace(period, { ...one, trace_id: "e", ts: at(1), outcome: "refused" }),
        aTrace(period, { ...one, trace_id: "f", ts: at(1), outcome: "template" }),
        aTrace(period, { ...one, trace_id: "g", ts: at(1), outcome: "replayed", cache_hit: true }),
        aTrace(period, { ...one, trace_id: "h", ts: at(1), tenant: "globex" }),
        aTrace(period, { ...one, trace_id: "i", ts: at(1), model_id: "o1", price_id: "openai/o1@start" }),
      ];
      await insert(warehouse, [...others, ...calls, calls[0]!]);
      const seen: string[] = [];
      let after: { at: number; traceId: string } | undefined;
      for (;;) {
        const page = await warehouse.callsInOrder({ ...period, selector: { tenant: "acme", model: "GPT-4o" }, after, limit: 2 });
        seen.push(...page.map(({ traceId }) => traceId));
        if (page.length < 2) break;
        after = page.at(-1);
      }
      expect(seen).toEqual(["d", "b", "c", "a"]);
      const [doubt] = await warehouse.callsInOrder({ ...period, selector: {}, after: { at: Date.parse(at(1)), traceId: "zzz" }, limit: 1 });
      const numbers = { heldNano: 2_000_000_000n, costNano: null, tenant: "acme" };
      expect(doubt).toEqual({ at: Date.parse(at(2)), traceId: "b", outcome: calls[1]!.outcome, ...numbers });
      const reported = await warehouse.callsInOrder({ ...period, selector: { model: "gpt-4o-2024-08-06" }, limit: 100 });
      expect(reported.find(({ traceId }) => traceId === "a")).toMatchObject({ outcome: "tracked", costNano: 1_000_000_001n });
      expect(await warehouse.callsInOrder({ ...period, selector: { run: "nobody's" }, limit: 100 })).toEqual([]);
    });

    it("tells levers what they are judged by: costs by side, tokens above a cap call by call, what nobody received, and never an unknown cost", async () => {
      const period = nextYear();
      const at = new Date(period.from.getTime() + 60_000).toISOString();
      const one = { ts: at, provider: "openai", model_id: "gpt-4o", prompt_tokens: 100, gen_tokens: 50, unit_cost_usd: "3" };
      const sides = {
        input_cost_usd: "1",
        gen_cost_usd: "2",
        cost_basis: "measured",
        outcome: "complete",
        service_tier: "",
        cache_hit: false,
      } as const;
      const call = (trace_id: string, more: Partial<RequestTrace>) =>
        aTrace(period, { ...one, ...sides, cache_read_tokens: 0, depth_k: null, tenant: "lever", trace_id, ...more });
      await insert(warehouse, [
        call("1", { depth_k: 8, cache_read_tokens: 40 }),
        call("2", { gen_tokens: 250, service_tier: "batch" }),
        call("3", { outcome: "timeout", unit_cost_usd: "0.000000000000000001", input_cost_usd: null, gen_cost_usd: null }),
        call("4", { unit_cost_usd: null, cost_basis: "unpriced" }),
        call("5", { outcome: "replayed", cache_hit: true, unit_cost_usd: "0" }),
        call("6", { outcome: "refused", unit_cost_usd: "0" }),
        call("7", { model_id: "gpt-4o-mini", unit_cost_usd: "0.5", input_cost_usd: "0.2", gen_cost_usd: "0.3" }),
        call("8", { tenant: "another" }),
      ]);
      const evidence = await warehouse.leverEvidence({ ...period, selector: { tenant: "lever" }, capTokens: 100 });
      expect(evidence).toEqual({
        genTokensP95: expect.closeTo(230, 6),
        rows: [
          {
            provider: "openai",
            model: "gpt-4o",
            calls: 4,
            cached: 1,
            known: {
              calls: 3,
              promptTokens: 300,
              cacheReadTokens: 40,
              genTokens: 350,
              cost: 6n * ATTO_PER_USD + 1n,
              batchCalls: 1,
              unusedCalls: 1,
              unusedCost: 1n,
            },
            split: {
              calls: 2,
              inputCost: 2n * ATTO_PER_USD,
              genCost: 4n * ATTO_PER_USD,
              promptTokens: 200,
              cacheReadTokens: 40,
              genTokens: 300,
              genTokensAbove: 150,
              callsAbove: 1,
            },
            depth: { calls: 1, sum: 8 },
          },
          expect.objectContaining({ model: "gpt-4o-mini", calls: 1, cached: 0 }),
        ],
      });
      const nobody = await warehouse.leverEvidence({ ...period, selector: { tenant: "nobody" }, capTokens: 100 });
      expect(nobody).toEqual({ rows: [], genTokensP95: null });
    });

    describe("over a mixed year", () => {
      let traces: RequestTrace[];
      let period: { from: Date; to: Date };

      beforeAll(async () => {
        period = nextYear();
        traces = Array.from({ length: 240 }, (_, index) => aMixedTrace(period, index));
        await insert(warehouse, traces);
        await insert(warehouse, traces.slice(60, 180));
      });

      it("answers each group with what a plain sum over the traces gives", async () => {
        for (const group of COST_GROUPS) {
          const question = { ...period, filter: {}, groupBy: [group] };
          expect(byGroup(await warehouse.costs(question)), group).toEqual(byGroup(expectedCosts(traces, question)));
        }
        const question: CostsQuestion = { ...period, filter: { tenant: "acme" }, groupBy: ["model", "day", "tenant"] };
        expect(byGroup(await warehouse.costs(question))).toEqual(byGroup(expectedCosts(traces, question)));
      });

      it("has parts that add up to the whole, for every filter and every group", async () => {
        for (const name of COST_FILTERS) {
          const value = traces[7]![FIELD_OF[name]] as string;
          const filter = { [name]: value };
          const [whole] = await warehouse.costs({ ...period, filter, groupBy: [] });
          expect(whole!.calls + whole!.refused, name).toBeGreaterThan(0);
          for (const group of COST_GROUPS) {
            const parts = await warehouse.costs({ ...period, filter, groupBy: [group] });
            expect(addUp(parts), `${name} by ${group}`).toEqual(addUp([whole!]));
          }
        }
      });

      it("tells a filter for nothing from no filter", async () => {
        const [unnamed] = await warehouse.costs({ ...period, filter: { team: "" }, groupBy: [] });
        const [all] = await warehouse.costs({ ...period, filter: {}, groupBy: [] });
        expect(unnamed!.prompt_tokens).toBe(total(traces.filter((trace) => trace.team === "").map((trace) => trace.prompt_tokens)));
        expect(unnamed!.prompt_tokens).toBeLessThan(all!.prompt_tokens);
      });

      it("gives the newest calls first, as many as asked", async () => {
        const newest = [...traces].sort((a, b) => (a.ts === b.ts ? (a.trace_id < b.trace_id ? 1 : -1) : a.ts < b.ts ? 1 : -1));
        expect(await warehouse.traces({ ...period, filter: {}, limit: 25 })).toEqual(newest.slice(0, 25));
        const provider = traces[3]!.provider;
        const matching = newest.filter((trace) => trace.provider === provider && trace.tenant === "acme");
        expect(await warehouse.traces({ ...period, filter: { provider, tenant: "acme" }, limit: 1000 })).toEqual(matching);
      });

      it("books per tenant what its traces cost, in whole nano-dollars", async () => {
        const booked = await warehouse.bookedPerTenant(period.from, period.to);
        for (const { tenant, traces: count, bookedNano } of booked) {
          const own = traces.filter((trace) => trace.tenant === tenant);
          expect(count, tenant).toBe(own.length);
          expect(bookedNano * 10n ** 9n, tenant).toBe(sumAtto(own));
        }
        expect(booked.map(({ tenant }) => tenant)).toEqual([...new Set(traces.map(({ tenant }) => tenant))].sort());
      });
    });

    it("takes a time range as half-open", async () => {
      const period = nextYear();
      const at = (iso: string) => aTrace(period, { ts: `${period.from.getUTCFullYear()}-${iso}` });
      const [before, first, last, after] = [
        at("03-31T23:59:59.999Z"),
        at("04-01T00:00:00.000Z"),
        at("04-30T23:59:59.999Z"),
        at("05-01T00:00:00.000Z"),
      ];
      await insert(warehouse, [before, first, last, after]);
      const april = { from: new Date(first.ts), to: new Date(after.ts), filter: {} };
      expect((await warehouse.traces({ ...april, limit: 9 })).map((trace) => trace.trace_id)).toEqual([last.trace_id, first.trace_id]);
      expect((await warehouse.costs({ ...april, groupBy: [] }))[0]?.calls).toBe(2);
    });

    it("does not take an unknown cost for zero", async () => {
      const period = nextYear();
      await insert(warehouse, [
        aTrace(period, { unit_cost_usd: null, cost_basis: "unpriced" }),
        aTrace(period, { unit_cost_usd: "0", cost_basis: "none" }),
        aTrace(period, { unit_cost_usd: "0.3", cost_basis: "in_doubt" }),
      ]);
      const [row] = await warehouse.costs({ ...period, filter: {}, groupBy: [] });
      expect(row).toMatchObject({ calls: 3, unpriced: 1, in_doubt: 1, cost_usd: "0.3" });
      const sql =
        "SELECT avg(unit_cost_usd) AS mean, countIf(unit_cost_usd IS NULL) AS missing FROM finops.request_trace WHERE toYear(ts) = {year:UInt16}";
      expect(await warehouse.query(sql, { year: period.from.getUTCFullYear() })).toEqual([{ mean: 0.15, missing: "1" }]);
    });

    it("has nothing to say about a time without calls", async () => {
      const period = nextYear();
      expect(await warehouse.costs({ ...period, filter: {}, groupBy: [] })).toEqual([]);
      expect(await warehouse.costs({ ...period, filter: {}, groupBy: ["tenant"] })).toEqual([]);
      expect(await warehouse.traces({ ...period, filter: {}, limit: 5 })).toEqual([]);
      expect(await warehouse.bookedPerTenant(period.from, period.to)).toEqual([]);
    });

    it("has no latency where no call went to a provider", async () => {
      const period = nextYear();
      await insert(warehouse, [
        aTrace(period, { outcome: "refused", latency_ms: 1 }),
        aTrace(period, { outcome: "tracked", latency_ms: 2 }),
      ]);
      const [row] = await warehouse.costs({ ...period, filter: {}, groupBy: [] });
      expect(row).toMatchObject({ calls: 1, refused: 1, latency_ms_p50: null, latency_ms_p95: null });
    });

    it("names the rows that it cannot read and takes the others", async () => {
      const period = nextYear();
      const good = Array.from({ length: 21 }, () => aTrace(period));
      const bad = [
        '{"trace_id":"cut o',
        "[]",
        "",
        JSON.stringify({ ...aTrace(period), ts: "yesterday" }),
        JSON.stringify({ ...aTrace(period), trace_id: "" }),
      ];
      const batch = good.flatMap((trace, index) => [
        JSON.stringify(trace),
        ...(index % 4 === 0 && bad[index / 4] !== undefined ? [bad[index / 4]!] : []),
      ]);
      const { accepted, rejected } = await warehouse.insertTraces(batch);
      expect(accepted).toBe(21);
      expect(rejected.map(({ index }) => batch[index])).toEqual(bad);
      expect(rejected.every(({ reason }) => reason.length > 0)).toBe(true);
      expect((await warehouse.costs({ ...period, filter: {}, groupBy: [] }))[0]?.calls).toBe(21);
    });

    it("takes rows of a newer and of an older version", async () => {
      const period = nextYear();
      const { levers: _, ...older } = aTrace(period);
      const newer = { ...aTrace(period), field_of_tomorrow: { deep: [1] } };
      expect(await warehouse.insertTraces([JSON.stringify(older), JSON.stringify(newer)])).toEqual({ accepted: 2, rejected: [] });
      const rows = await warehouse.traces({ ...period, filter: {}, limit: 5 });
      expect(rows.find((row) => row.trace_id === older.trace_id)).toEqual({ ...older, levers: [] });
    });

    it("keeps what was known of prices, each text once, and says nothing new where nothing is", async () => {
      const { facts } = warehouse;
      const known = (await facts.priceVersions()).at(-1)?.knownAtMs ?? 0;
      const part = (name: string, text: string) => ({ kind: "prices" as const, name, text });
      const [first, second] = [[part("a", "[1]"), part("b", `["it's \\n ${known}"]`)], [part("a", "[1]")]];
      expect(await facts.rememberPrices(first, new Date(known + 1000))).toBe(true);
      expect(await facts.rememberPrices(first, new Date(known + 2000))).toBe(false);
      expect(await facts.rememberPrices(second, new Date(known + 3000))).toBe(true);
      // A process that began earlier and still runs on what it began with.
      expect(await facts.rememberPrices(first, new Date(known + 1000))).toBe(false);
      const versions = (await facts.priceVersions()).slice(-2);
      expect(versions.map(({ knownAtMs }) => knownAtMs)).toEqual([known + 1000, known + 3000]);
      expect([await facts.priceParts(versions[0]!), await facts.priceParts(versions[1]!)]).toEqual([first, second]);
    });

    it("corrects calls of one use by pairs of facts, each once, and keeps what was booked", async () => {
      const period = nextYear();
      const { facts } = warehouse;
      const use = { usage_details: { web_searches: 2, cache_write_1h_tokens: 7 }, unit_cost_usd: "0.000065001" };
      await insert(warehouse, [aTrace(period, use), aTrace(period, use), aTrace(period, { tenant: "globex", unit_cost_usd: "1" })]);
      const question = { ...period, cuts: [period.from.getTime()], byTenant: true };
      const shapes = await facts.usageShapes(question);
      const shape = shapes.find(({ tenant }) => tenant === "acme")!;
      const counted = { promptTokens: 100, genTokens: 20, currentUsd: "0.000065001", calls: 2, epoch: 1, serviceTier: "" };
      expect([shapes.length, shape]).toEqual([2, expect.objectContaining(counted)]);
      expect(shape.details.split(",").sort()).toEqual(["cache_write_1h_tokens=7", "web_searches=2"]);

      const corrected = { shape, priceId: "new", listUsd: null, contractedUsd: "0.00005", billedUsd: "0.00006" };
      for (const batch of [1, 2]) await facts.appendRepriced({ id: `${process.pid}`, knownAt: new Date(), batch }, question, [corrected]);
      expect(await facts.factTotals(period.from, period.to)).toEqual([
        expect.objectContaining({ kind: "original", basis: "measured", facts: 3, unknown: 0, contractedUsd: "1.000130002" }),
        expect.objectContaining({ kind: "repriced", facts: 2, contractedUsd: "0.0001" }),
        expect.objectContaining({ kind: "reversal", facts: 2, contractedUsd: "-0.000130002" }),
      ]);
      const now = await facts.usageShapes(question);
      expect(now.map(({ currentUsd }) => currentUsd).sort()).toEqual(["0.00005", "1"]);
    });

    it("keeps both kinds of time: when the call was, and when we learned of it", async () => {
      const period = nextYear();
      await insert(warehouse, [aTrace(period)]);
      const sql = "SELECT dateDiff('hour', ingested_at, now()) AS hours FROM finops.request_trace WHERE toYear(ts) = {year:UInt16}";
      expect(await warehouse.query(sql, { year: period.from.getUTCFullYear() })).toEqual([{ hours: "0" }]);
    });

    it("tells what calls cost in the holdout and outside it, each call once with its later attempts, and what levers' own calls cost", async () => {
      const period = nextYear();
      const at = (more: Partial<RequestTrace>) => aTrace(period, { use_case_id: "support", requested_model: "gpt-5", ...more });
      const first = at({ unit_cost_usd: "0.3", levers: ["small_model_share=50", "response_cap_tokens=350"], complexity: 0.37 });
      await insert(warehouse, [
        first,
        at({ trace_id: `${first.trace_id}.2`, unit_cost_usd: "0.1", levers: ["small_model_share=50"], complexity: 0.37 }),
        at({ unit_cost_usd: "0.2", levers: ["response_cap_tokens=350", "small_model_share=75"], complexity: 0.3 }),
        at({ unit_cost_usd: null, cost_basis: "in_doubt", levers: ["response_cap_tokens=350", "small_model_share=75"], complexity: 0.3 }),
        at({ unit_cost_usd: "0.000000000000000001", holdout: true, complexity: 1 }),
        at({ outcome: "replayed", cache_kind: "exact", unit_cost_usd: "0", cache_hit: true, levers: ["cache_aggressiveness=2"] }),
        at({ outcome: "replayed", cache_kind: "idempotent", unit_cost_usd: "0", cache_hit: true }),
        at({ outcome: "refused", error_code: "paced", unit_cost_usd: "0", levers: ["pace_p2=50"] }),
        at({ outcome: "refused", error_code: "paced", unit_cost_usd: "0", holdout: true, levers: ["pace_p2=50"] }),
        at({ outcome: "rejected", error_code: "call_deferred", unit_cost_usd: "0" }),
        ...(["refused", "rejected", "replayed", "template"] as const).map((outcome) => at({ outcome, unit_cost_usd: "0" })),
        at({ operation: "track", unit_cost_usd: "5" }),
        at({ use_case_id: "", unit_cost_usd: "5" }),
        at({ use_case_id: "ballast_judge", feature: "support", unit_cost_usd: "0.05" }),
        at({ use_case_id: "ballast_judge", feature: "support", unit_cost_usd: null }),
        at({ use_case_id: "ballast_embed", feature: "", unit_cost_usd: "0.000000001" }),
        at({ levers: ["cache_prewarm=50"], priority: "p2", unit_cost_usd: "0.25" }),
        at({ levers: ["cache_prewarm=50"], priority: "p2", unit_cost_usd: "0.5", use_case_id: "search" }),
      ]);
      const cells = await warehouse.savingCells({ ...period, useCase: undefined });
      expect(await warehouse.savingCells({ ...period, useCase: "support" })).toEqual(cells);
      expect(await warehouse.savingCells({ ...period, useCase: "nobody's" })).toEqual([]);
      const kind = "gpt-5\nchat\np1";
      expect(cells).toMatchObject([
        { kind, complexity: null, holdout: false, levers: ["answer_cache", "cache_aggressiveness"], costAtto: 0n, moments: { calls: 1 } },
        {
          ...{ useCase: "support", kind, complexity: 3, holdout: false, levers: ["response_cap_tokens", "small_model_share"] },
          ...{ unknownCost: 1, costAtto: 6n * 10n ** 17n },
        },
        { complexity: 9, holdout: true, levers: [], unknownCost: 0, costAtto: 1n, moments: { calls: 1 } },
      ]);
      const { calls, sum, squares, cubes } = cells[1]!.moments;
      expect(calls).toBe(2);
      for (const [value, power] of [
        [sum, 1],
        [squares, 2],
        [cubes, 3],
      ] as const)
        expect(value).toBeCloseTo(0.4 ** power + 0.2 ** power, 12);
      expect(await warehouse.leverCosts({ ...period, useCase: undefined })).toEqual([
        { use: "ballast_embed", served: "", calls: 1, unknownCost: 0, costAtto: 10n ** 9n },
        { use: "ballast_judge", served: "support", calls: 2, unknownCost: 1, costAtto: 5n * 10n ** 16n },
        { use: "ballast_prewarm", served: "search", calls: 1, unknownCost: 0, costAtto: 5n * 10n ** 17n },
        { use: "ballast_prewarm", served: "support", calls: 1, unknownCost: 0, costAtto: 25n * 10n ** 16n },
      ]);
      expect((await warehouse.leverCosts({ ...period, useCase: "support" })).map(({ use }) => use)).toEqual([
        "ballast_judge",
        "ballast_prewarm",
      ]);
    });

    it("runs the monthly roll-up of the controls document as printed, each trace once", async () => {
      const now = { from: new Date(), to: new Date(Date.now() + 1) };
      const use = { use_case_id: `roll-up ${process.pid}`, provider: "openai", model_id: "gpt-5" };
      const traces = ["0.104", "0.106", "2"].map((cost, index) =>
        aTrace(now, { ...use, unit_cost_usd: cost, latency_ms: 100 * (index + 1), ts: now.from.toISOString() }),
      );
      await insert(warehouse, traces);
      await insert(warehouse, traces);
      const rows = await warehouse.query(CONTROLS_ROLL_UP);
      expect(rows.filter((row) => row.use_case_id === use.use_case_id)).toEqual([
        { ...use, requests: "3", spend_usd: "2.21", ucr_avg: 0.7367, p95_latency_ms: 290 },
      ]);
      // PERCENTILE_CONT … WITHIN GROUP of the economics document is not ClickHouse syntax; this is the same number.
      const [economics] = await warehouse.query(ECONOMICS_ROLL_UP);
      expect(economics).toMatchObject({ use_case_id: use.use_case_id, requests: "3", p95_latency_ms: 290 });
    });

    it("reads only the part of one tenant and month when asked for that", async () => {
      const sql =
        "EXPLAIN indexes = 1 SELECT sum(unit_cost_usd) FROM finops.request_trace WHERE tenant = 'acme' AND ts >= '2002-02-01' AND ts < '2002-03-01'";
      const plan = (await warehouse.query(sql)).map((row) => row.explain).join("\n");
      expect(plan).toMatch(/PrimaryKey[\s\S]*tenant in \['acme', 'acme'\]/);
      expect(plan).toMatch(/Partition[\s\S]*toYYYYMM\(ts\) in \[200202/);
    });

    it.each([
      "INSERT INTO finops.request_trace_row (trace_id) VALUES ('x')",
      "DROP TABLE finops.request_trace_row",
      "ALTER TABLE finops.request_trace_row DELETE WHERE 1",
      "TRUNCATE TABLE finops.request_trace_row",
      "SET readonly = 0",
      "SELECT 1; SELECT 2",
      "SELECT 1 INTO /* */ OUTFILE 'ballast-was-here.txt'",
      "SELECT nonsense FROM nowhere",
    ])("refuses to run: %s", async (statement) => {
      await expect(warehouse.query(statement)).rejects.toMatchObject({ code: "invalid_request" });
      await warehouse.ping();
    });

    it("binds a parameter as a value, whatever it says", async () => {
      const text = "'; DROP TABLE finops.request_trace_row; -- \\' \t\n \\N";
      expect(await warehouse.query("SELECT {text:String} AS text, ';' AS two;", { text })).toEqual([{ text, two: ";" }]);
    });

    it("comes back after its engine was killed, and has lost nothing that it acknowledged", async ({ skip }) => {
      if (!subject.killEngine) return skip("the engine is not ours to kill");
      const period = nextYear();
      const acknowledged = Array.from({ length: 50 }, () => aTrace(period));
      await insert(warehouse, acknowledged);
      const interrupted = [aTrace(period), aTrace(period)];
      const inFlight = insert(warehouse, interrupted).then(
        () => "acknowledged",
        (error) => error.code,
      );
      subject.killEngine();
      expect(["acknowledged", "warehouse_unavailable"]).toContain(await inFlight);
      await insert(warehouse, interrupted);
      expect((await warehouse.costs({ ...period, filter: {}, groupBy: [] }))[0]?.calls).toBe(52);
    });

    it("does not open data twice", async ({ skip }) => {
      if (!subject.openAgain) return skip("many may have this warehouse open");
      await expect(subject.openAgain()).rejects.toMatchObject({ code: "data_dir_in_use" });
      await warehouse.ping();
    });
  });
}

/** Printed in spec 000, "SQL — monthly roll-up". */
const CONTROLS_ROLL_UP = `
SELECT
  use_case_id,
  provider,
  model_id,
  COUNT(*) AS requests,
  ROUND(SUM(unit_cost_usd), 2) AS spend_usd,
  ROUND(AVG(unit_cost_usd), 4) AS ucr_avg,
  APPROX_PERCENTILE(latency_ms, 0.95) AS p95_latency_ms
FROM finops.request_trace
WHERE ts >= date_trunc('month', current_date)
GROUP BY use_case_id, provider, model_id
ORDER BY spend_usd DESC;
`;

/** Printed in spec 001, "SQL: unit economics roll-up", but for the percentile. */
const ECONOMICS_ROLL_UP = `
SELECT
  use_case_id,
  COUNT(*) AS requests,
  ROUND(SUM(unit_cost_usd), 2) AS spend_usd,
  quantileExactInclusive(0.95)(latency_ms) AS p95_latency_ms
FROM finops.request_trace
WHERE ts >= DATE_TRUNC('month', CURRENT_DATE)
GROUP BY use_case_id
ORDER BY spend_usd DESC;
`;

function pick<T>(values: readonly T[], indexes: readonly number[]): T[] {
  return indexes.map((index) => values[index]!);
}
