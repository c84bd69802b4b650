import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RequestTrace } from "../contract/request-trace.ts";
import { UNIT_COST_FILTERS, UNIT_COST_GROUPS, type UnitCostGroup } from "../contract/unit-cost-groups.ts";
import type { UsageFact, UsagePart } from "../contract/usage-fact.ts";
import { formatDecimal, parseDecimal } from "../core/money/usd.ts";
import { POOL_DRIVERS, type PoolDriver, sharesOf } from "../core/unit-cost/cost-pool.ts";
import { aMixedTrace, aTrace } from "./trace-test-kit.ts";
import type { ModelCostRow, UnitCostKey, UnitCostQuestion, UsageFactRow } from "./unit-cost-questions.ts";
import type { Warehouse } from "./warehouse.ts";
import type { WarehouseUnderTest } from "./warehouse-conformance.ts";

/** What every warehouse answers about unit costs: compared with plain sums over the same rows. Uses the years 2001 to 2010. */
export function unitCostConformance(name: string, open: () => Promise<WarehouseUnderTest>): void {
  describe(`${name} about unit costs`, () => {
    let subject: WarehouseUnderTest;
    let warehouse: Warehouse;
    let year = 2000;
    const nextYear = () => {
      year += 1;
      return { from: new Date(Date.UTC(year, 0)), to: new Date(Date.UTC(year + 1, 0)) };
    };

    beforeAll(async () => {
      subject = await open();
      warehouse = subject.warehouse;
    });
    afterAll(() => subject?.dispose());

    describe("over a mixed year", () => {
      let period: { from: Date; to: Date };
      let traces: RequestTrace[];
      let facts: UsageFact[];

      beforeAll(async () => {
        period = nextYear();
        traces = Array.from({ length: 240 }, (_, index) => aSidedTrace(aMixedTrace(period, index), index));
        facts = Array.from({ length: 120 }, (_, index) => aFact(period, index, traces));
        // Facts first, and much of both again: nothing depends on order or on how often.
        await insertFacts(warehouse, facts.slice(40));
        await warehouse.insertTraces(traces.map((trace) => JSON.stringify(trace)));
        await insertFacts(warehouse, facts.slice(0, 80).toReversed());
        await warehouse.insertTraces(traces.slice(100, 140).map((trace) => JSON.stringify(trace)));
      });

      const questions = fc.record({
        groupBy: fc.uniqueArray(fc.constantFrom(...UNIT_COST_GROUPS), { maxLength: 4 }),
        filtered: fc.uniqueArray(fc.constantFrom(...UNIT_COST_FILTERS), { maxLength: 2 }),
        like: fc.nat(239),
        days: fc.tuple(fc.integer({ min: 0, max: 364 }), fc.integer({ min: 1, max: 365 })),
      });
      const asked = (drawn: {
        groupBy: UnitCostGroup[];
        filtered: readonly (typeof UNIT_COST_FILTERS)[number][];
        like: number;
        days: [number, number];
      }) => {
        const filter = Object.fromEntries(drawn.filtered.map((field) => [field, keyOfTrace(traces[drawn.like]!)[field]]));
        const from = new Date(period.from.getTime() + drawn.days[0] * 86_400_000);
        return { from, to: new Date(from.getTime() + drawn.days[1] * 86_400_000), groupBy: drawn.groupBy, filter };
      };

      it("gives what plain sums give, for any filter, period and grouping", { timeout: 120_000 }, async () => {
        await fc.assert(
          fc.asyncProperty(questions, async (drawn) => {
            const question = asked(drawn);
            expect(sorted(await warehouse.unitCosts(question))).toEqual(sorted(expectedCosts(traces, question)));
            expect(sorted(await warehouse.usageFacts(question))).toEqual(sorted(expectedFacts(traces, facts, question)));
          }),
          { numRuns: 15, verbose: 1 },
        );
      });

      it("shares a pool out to the last digit, each call the same whatever is asked", { timeout: 120_000 }, async () => {
        const pools = fc.record({
          driver: fc.constantFrom(...POOL_DRIVERS),
          amountAtto: fc.bigInt(1n, 10n ** 24n),
          scope: fc.constantFrom({}, { tenant: "acme" }, { use_case: "triage", provider: "openai" }, { tenant: "nobody" }),
        });
        await fc.assert(
          fc.asyncProperty(questions, pools, async (drawn, pool) => {
            const question = asked(drawn);
            const month = { start: period.from.getTime(), end: period.to.getTime() };
            const answer = await warehouse.poolShares({ ...question, ...pool, month });
            const expected = expectedShares(traces, question, pool);
            expect(answer.sharedAtto).toBe(expected ? pool.amountAtto : null);
            expect(sorted(answer.rows)).toEqual(sorted(expected?.rows ?? zeroes(answer.rows)));
            const all = await warehouse.poolShares({ ...period, filter: {}, groupBy: ["model", "run"], ...pool, month });
            expect(all.rows.reduce((sum, { shareAtto }) => sum + shareAtto, 0n)).toBe(expected ? pool.amountAtto : 0n);
          }),
          { numRuns: 15, verbose: 1 },
        );
      });
    });

    it("adds the two sides up to the booked cost of a call, whatever it lacks", async () => {
      const period = nextYear();
      const one = { tenant: "sides", unit_cost_usd: "0.000000101", input_cost_usd: "0.00000002", gen_cost_usd: "0.00000008" };
      await warehouse.insertTraces(
        [
          aTrace(period, { ...one, run_id: "fees and rounding" }),
          aTrace(period, { ...one, run_id: "nothing generated", gen_tokens: 0 }),
          aTrace(period, { ...one, run_id: "one amount", input_cost_usd: null, gen_cost_usd: null }),
          aTrace(period, { ...one, run_id: "unknown", unit_cost_usd: null, cost_basis: "unpriced" }),
        ].map((trace) => JSON.stringify(trace)),
      );
      const rows = await warehouse.unitCosts({ ...period, filter: { tenant: "sides" }, groupBy: ["run"] });
      const usd = (run: string) => {
        const { inputAtto, generationAtto, lumpAtto, unknownCost } = rows.find(({ group }) => group.run === run)!;
        return [...[inputAtto, generationAtto, lumpAtto].map((atto) => formatDecimal(atto, 18)), unknownCost];
      };
      expect(usd("fees and rounding")).toEqual(["0.00000002", "0.000000081", "0", 0]);
      expect(usd("nothing generated")).toEqual(["0.000000101", "0", "0", 0]);
      expect(usd("one amount")).toEqual(["0", "0.000000101", "0.000000101", 0]);
      expect(usd("unknown")).toEqual(["0", "0", "0", 1]);
    });

    it("keeps the first arrival of a fact, so that a repeat changes neither its time nor its price", async () => {
      const period = nextYear();
      const fact = { ...aFact(period, 2, []), tenant: "repeats", trace_id: "", received_at: period.from.toISOString() };
      const later = new Date(period.from.getTime() + 40 * 86_400_000).toISOString();
      await insertFacts(warehouse, [{ ...fact, ts: later, received_at: later, cost_usd: "99" }]);
      await insertFacts(warehouse, [fact]);
      await insertFacts(warehouse, [{ ...fact, ts: later, received_at: later, cost_usd: "77" }]);
      const rows = await warehouse.usageFacts({ ...period, filter: { tenant: "repeats" }, groupBy: ["day"] });
      expect(rows.map(({ facts, costAtto, group }) => [facts, formatDecimal(costAtto, 18), group.day])).toEqual([
        [1, fact.cost_usd ?? "0", fact.ts.slice(0, 10)],
      ]);
    });

    it("lets no event of one tenant take the scope of another's call", async () => {
      const period = nextYear();
      const trace = aTrace(period, { tenant: "acme", use_case_id: "secret", run_id: "r" });
      await warehouse.insertTraces([JSON.stringify(trace)]);
      const fact = { ...aFact(period, 1, []), ...NO_SCOPE, trace_id: trace.trace_id };
      await insertFacts(warehouse, [
        { ...fact, tenant: "globex" },
        { ...fact, tenant: "" },
      ]);
      const rows = await warehouse.usageFacts({ ...period, filter: {}, groupBy: ["tenant", "use_case", "run"] });
      expect(sorted(rows.map(({ group }) => group))).toEqual(
        sorted([
          { tenant: "acme", use_case: "secret", run: "r" },
          { tenant: "globex", use_case: "", run: "" },
        ]),
      );
    });
  });
}

const NO_SCOPE = {
  environment: "",
  feature: "",
  service: "",
  team: "",
  use_case_id: "",
  provider: "",
  model_id: "",
  run_id: "",
  session_id: "",
  experiment_id: "",
} as const;

function aSidedTrace(trace: RequestTrace, index: number): RequestTrace {
  const known = index % 5 !== 0 && trace.unit_cost_usd !== null;
  const nano = known ? parseDecimal(trace.unit_cost_usd!, 9)! : 0n;
  const part = (measure: string, cost_usd: string | null): UsagePart => {
    const basis = cost_usd === null ? "unpriced" : "priced";
    return { measure, quantity: "1.5", depth_k: 4, cost_usd, cost_basis: basis, price_id: "", reason: cost_usd === null ? "no_price" : "" };
  };
  return {
    ...trace,
    // A time that two calls may share.
    ts: new Date(Math.floor(Date.parse(trace.ts) / 60_000) * 60_000).toISOString(),
    input_cost_usd: known ? formatDecimal(nano / 3n, 9) : null,
    gen_cost_usd: known ? formatDecimal(nano / 4n, 9) : null,
    cache_read_tokens: index % 7 === 0 ? trace.prompt_tokens + 5 : Math.floor(trace.prompt_tokens / 2),
    gen_tokens: index % 11 === 0 ? 0 : trace.gen_tokens,
    run_id: ["", "run-1", "run-2"][index % 3]!,
    session_id: index % 4 === 0 ? "s" : "",
    experiment_id: index % 6 === 0 ? "e" : "",
    ...(index % 3 === 0 ? { parts: [part("retrieval_queries", "0.000000000000000001"), part("vector_reads", null)] } : {}),
  };
}

function aFact(period: { from: Date; to: Date }, index: number, traces: readonly RequestTrace[]): UsageFact {
  const call = index % 3 === 0 ? traces[index * 2] : undefined;
  const scope = call ? { ...NO_SCOPE, tenant: index % 2 === 0 ? "" : call.tenant, feature: index % 4 === 0 ? "own" : "" } : undefined;
  const unpriced = index % 7 === 0;
  const ts = call ? new Date(Date.parse(call.ts) + 3_600_000) : new Date(period.from.getTime() + ((index * 7_919) % 365) * 86_400_000);
  return {
    ...NO_SCOPE,
    fact_id: `${period.from.getTime()}-${index}`,
    ts: ts.toISOString(),
    source: "/test",
    event_id: String(index),
    trace_id: call?.trace_id ?? (index % 5 === 0 ? "no such call" : ""),
    tenant: ["acme", "globex"][index % 2]!,
    use_case_id: ["assistant", ""][index % 2]!,
    run_id: ["", "run-1"][index % 2]!,
    ...scope,
    job_id: index % 10 === 0 ? "job-1" : "",
    measure: ["hitl_minutes", "vector_writes", "gpu_hours", "business"][index % 4]!,
    subject: index % 4 === 3 ? "reports" : "",
    quantity: formatDecimal(BigInt(index) * 125_000n + 1n, 6),
    depth_k: null,
    cost_usd: unpriced ? null : formatDecimal(BigInt(index) * 10n ** 15n + 7n, 18),
    cost_basis: unpriced ? "unpriced" : "priced",
    price_id: "",
    reason: unpriced ? "no_price" : "",
    received_at: ts.toISOString(),
  };
}

async function insertFacts(warehouse: Warehouse, facts: readonly UsageFact[]): Promise<void> {
  const { rejected } = await warehouse.insertFacts(facts.map((fact) => JSON.stringify(fact)));
  expect(rejected).toEqual([]);
}

function keyOfTrace(trace: RequestTrace): Required<UnitCostKey> {
  return {
    tenant: trace.tenant,
    environment: trace.environment,
    feature: trace.feature,
    service: trace.service,
    team: trace.team,
    use_case: trace.use_case_id,
    provider: trace.provider,
    model: trace.model_id,
    run: trace.run_id,
    session: trace.session_id,
    experiment: trace.experiment_id,
    job: "",
    day: trace.ts.slice(0, 10),
  };
}

/** A fact is its call's where it says nothing itself. */
function keyOfFact(fact: UsageFact, traces: readonly RequestTrace[]): Required<UnitCostKey> {
  const own = {
    use_case: fact.use_case_id,
    model: fact.model_id,
    run: fact.run_id,
    session: fact.session_id,
    experiment: fact.experiment_id,
  };
  const { tenant, environment, feature, service, team, provider } = fact;
  const said = { tenant, environment, feature, service, team, provider, ...own };
  const call = traces.find(({ trace_id }) => trace_id === fact.trace_id);
  const taken = call && (tenant === "" || tenant === call.tenant) ? keyOfTrace(call) : undefined;
  const merged = Object.fromEntries(Object.entries(said).map(([name, value]) => [name, value || (taken?.[name as "tenant"] ?? "")]));
  return { ...(merged as Required<UnitCostKey>), job: fact.job_id, day: fact.ts.slice(0, 10) };
}

function isAsked(key: Required<UnitCostKey>, ts: string, { from, to, filter }: UnitCostQuestion): boolean {
  const at = Date.parse(ts);
  const matches = UNIT_COST_FILTERS.every((name) => filter[name] === undefined || key[name] === filter[name]);
  return at >= from.getTime() && at < to.getTime() && matches;
}

function grouped<T>(members: readonly T[], keyOf: (member: T) => UnitCostKey, groupBy: readonly UnitCostGroup[]): [UnitCostKey, T[]][] {
  const groups = new Map<string, [UnitCostKey, T[]]>();
  for (const member of members) {
    const all = keyOf(member);
    const key = Object.fromEntries(groupBy.map((group) => [group, all[group]]));
    const text = JSON.stringify([
      key,
      (member as { measure?: string }).measure,
      (member as { subject?: string }).subject,
      (member as { reason?: string }).reason,
    ]);
    if (!groups.has(text)) groups.set(text, [key, []]);
    groups.get(text)![1].push(member);
  }
  return [...groups.values()];
}

const UNSENT = ["refused", "rejected", "replayed", "template"];
const attoOf = (text: string | null) => (text === null ? 0n : parseDecimal(text, 18)!);

function expectedCosts(traces: readonly RequestTrace[], question: UnitCostQuestion): ModelCostRow[] {
  const asked = traces.filter((trace) => isAsked(keyOfTrace(trace), trace.ts, question));
  return grouped(asked, keyOfTrace, question.groupBy).map(([group, members]) => {
    const calls = members.filter(({ outcome, cache_hit }) => !UNSENT.includes(outcome) && !cache_hit);
    const priced = calls.filter(({ unit_cost_usd: cost }) => cost !== null);
    const sum = (rows: readonly RequestTrace[], of: (row: RequestTrace) => number) => rows.reduce((total, row) => total + of(row), 0);
    const known = members.filter(({ unit_cost_usd: cost }) => cost !== null);
    const input = known.map((row) => {
      if (row.gen_tokens === 0 && row.prompt_tokens > 0) return attoOf(row.unit_cost_usd);
      return row.gen_cost_usd === null ? 0n : attoOf(row.input_cost_usd);
    });
    const total = known.reduce((all, row) => all + attoOf(row.unit_cost_usd), 0n);
    const inputAtto = input.reduce((all, part) => all + part, 0n);
    const lump = known.filter((row) => row.input_cost_usd === null || row.gen_cost_usd === null);
    return {
      group,
      calls: calls.length,
      cached: members.filter(({ outcome, cache_hit }) => outcome === "replayed" || cache_hit).length,
      inDoubt: calls.filter(({ cost_basis: basis }) => basis === "in_doubt").length,
      unknownCost: calls.length - priced.length,
      promptTokens: sum(members, (row) => row.prompt_tokens),
      genTokens: sum(members, (row) => row.gen_tokens),
      priced: {
        calls: priced.length,
        promptTokens: sum(priced, (row) => row.prompt_tokens),
        cacheReadTokens: sum(priced, (row) => Math.min(row.cache_read_tokens, row.prompt_tokens)),
        genTokens: sum(priced, (row) => row.gen_tokens),
      },
      inputAtto,
      generationAtto: total - inputAtto,
      lumpAtto: lump.reduce((all, row) => all + attoOf(row.unit_cost_usd), 0n),
    };
  });
}

function expectedFacts(traces: readonly RequestTrace[], facts: readonly UsageFact[], question: UnitCostQuestion): UsageFactRow[] {
  const told = facts.map((fact) => ({ ...fact, key: keyOfFact(fact, traces) }));
  const parts = traces.flatMap((trace) =>
    (trace.parts ?? []).map((part) => ({ ...part, ts: trace.ts, subject: "", key: keyOfTrace(trace) })),
  );
  const asked = [...told, ...parts].filter(({ key, ts }) => isAsked(key, ts, question));
  return grouped(asked, ({ key }) => key, question.groupBy).map(([group, members]) => ({
    group,
    measure: members[0]!.measure,
    subject: members[0]!.subject,
    reason: members[0]!.reason,
    facts: members.length,
    quantity: members.reduce((sum, { quantity }) => sum + parseDecimal(quantity, 6)!, 0n),
    costAtto: members.reduce((sum, { cost_usd: cost }) => sum + attoOf(cost), 0n),
  }));
}

function weightOf(trace: RequestTrace, driver: PoolDriver): bigint {
  switch (driver) {
    case "calls":
      return 1n;
    case "tokens":
      return BigInt(trace.prompt_tokens + trace.gen_tokens);
    case "latency":
      return BigInt(Math.round(trace.latency_ms * 1000));
    case "cost":
      return attoOf(trace.unit_cost_usd) / 10n ** 9n;
  }
}

function expectedShares(
  traces: readonly RequestTrace[],
  question: UnitCostQuestion,
  pool: { driver: PoolDriver; amountAtto: bigint; scope: UnitCostKey },
) {
  const served = traces.filter((trace) => {
    const key = keyOfTrace(trace);
    const covered = Object.entries(pool.scope).every(([name, value]) => key[name as "tenant"] === value);
    return covered && !["refused", "rejected", "template"].includes(trace.outcome);
  });
  served.sort((a, b) => (a.ts === b.ts ? (a.trace_id < b.trace_id ? -1 : 1) : a.ts < b.ts ? -1 : 1));
  const shares = sharesOf(
    pool.amountAtto,
    served.map((trace) => weightOf(trace, pool.driver)),
  );
  if (!shares) return undefined;
  expect(shares.reduce((sum, share) => sum + share, 0n)).toBe(pool.amountAtto);
  const shared = served.map((trace, index) => ({ trace, share: shares[index]! }));
  const asked = shared.filter(({ trace }) => isAsked(keyOfTrace(trace), trace.ts, question));
  const rows = grouped(asked, ({ trace }) => keyOfTrace(trace), question.groupBy).map(([group, members]) => ({
    group,
    calls: members.length,
    shareAtto: members.reduce((sum, { share }) => sum + share, 0n),
  }));
  return { rows };
}

/** Where nothing can be shared, groups have shares of nothing. */
function zeroes<Row extends { readonly shareAtto: bigint }>(rows: readonly Row[]): Row[] {
  return rows.map((row) => ({ ...row, shareAtto: 0n }));
}

function sorted(rows: readonly object[]): unknown[] {
  const text = (row: object) => JSON.stringify(row, (_, value) => (typeof value === "bigint" ? formatDecimal(value, 0) : value));
  return [...rows].sort((a, b) => (text(a) < text(b) ? -1 : 1));
}
