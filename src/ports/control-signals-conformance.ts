import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Rating } from "../contract/rating.ts";
import type { RequestTrace } from "../contract/request-trace.ts";
import { usd } from "../core/money/usd.ts";
import { aTrace } from "./trace-test-kit.ts";
import type { Warehouse } from "./warehouse.ts";

const NOW = Date.UTC(2026, 10, 21, 12);
const MINUTE_MS = 60_000;

/** What every warehouse answers to the controls. */
export function controlSignalsConformance(
  name: string,
  prepare: () => Promise<{ readonly warehouse: Warehouse; dispose(): Promise<void> }>,
): void {
  describe(`signals of the controls from ${name}`, () => {
    let subject: Awaited<ReturnType<typeof prepare>>;
    beforeAll(async () => {
      subject = await prepare();
    });
    afterAll(() => subject?.dispose());

    async function keep(useCase: string, agoMs: number, traces: readonly Partial<RequestTrace>[]): Promise<void> {
      const period = { from: new Date(NOW - agoMs), to: new Date(NOW) };
      const ts = new Date(NOW - agoMs).toISOString();
      const rows = traces.map((over) => aTrace(period, { use_case_id: useCase, ts, ...over }));
      await subject.warehouse.insertTraces(rows.map((trace) => JSON.stringify(trace)));
    }

    async function ask(subjects: readonly string[], guardedSinceMs = NOW - 60 * MINUTE_MS) {
      const asked = subjects.map((each) => ({ subject: each, guardedSince: new Date(guardedSinceMs) }));
      return await subject.warehouse.controlSignals({ now: new Date(NOW), subjects: asked });
    }

    it("counts what was answered and what failed, and no call that a budget refused, that was the caller's fault, or that was given again", async () => {
      await keep("counts", MINUTE_MS, [
        { latency_ms: 100 },
        { latency_ms: 300, outcome: "no_usage", unit_cost_usd: null },
        { outcome: "provider_error", status_code: 502 },
        { outcome: "provider_error", status_code: 429 },
        { outcome: "provider_error_streaming", status_code: 200 },
        { outcome: "timeout", status_code: 504 },
        { outcome: "malformed_answer", status_code: 502 },
        { outcome: "provider_error", status_code: 400 },
        { outcome: "client_gone_waiting", latency_ms: 900, status_code: 499 },
        { outcome: "client_gone_streaming", latency_ms: 1, status_code: 200 },
        { levers: ["cache_prewarm=50"], latency_ms: 9999, unit_cost_usd: "9" },
        { levers: ["cache_prewarm=50"], outcome: "provider_error", status_code: 502 },
        { outcome: "refused", error_code: "paced", status_code: 429, latency_ms: 9999 },
        ...(["refused", "rejected", "replayed", "template", "tracked"] as const).map((outcome) => ({ outcome, latency_ms: 9999 })),
      ]);
      const [row] = await ask(["use_case:counts"]);
      expect(row).toMatchObject({ timed: 3, latencyMsP50: 300, served: 7, failed: 5, answered: 2, hourPriced: 1, hourUsd: 9.00013 });
      // What was had ahead cost 9, and is no call.
      expect(row!.latencyMsP95).toBeCloseTo(840, 6);
    });

    it("counts an answer from the cache as one that cost nothing, and not among latencies, and no repeat of a call under its key", async () => {
      const hit = { outcome: "replayed", cache_hit: true, unit_cost_usd: "0", latency_ms: 1, depth_k: null, rerank_n: null } as const;
      await keep("cached", MINUTE_MS, [
        { unit_cost_usd: "6", latency_ms: 500, depth_k: null, rerank_n: null },
        { ...hit, cache_kind: "exact" },
        { ...hit, cache_kind: "semantic" },
        { ...hit, cache_kind: "idempotent" },
      ]);
      const [row] = await ask(["use_case:cached"]);
      expect(row).toMatchObject({ answered: 3, cached: 2, hourPriced: 3, hourUsd: 2, dayPriced: 3, dayUsd: 2 });
      expect(row).toMatchObject({ timed: 1, latencyMsP50: 500, served: 1, retrieved: 0 });
    });

    it("measures latency and failures over five minutes and from the newest change on, costs and shares over their hour and day", async () => {
      await keep("windows", MINUTE_MS, [{ latency_ms: 10, unit_cost_usd: "0.5", cache_hit: true, depth_k: 4, rerank_n: 20 }]);
      await keep("windows", 3 * MINUTE_MS, [{ latency_ms: 20, unit_cost_usd: "1.5", depth_k: 8, rerank_n: null }]);
      await keep("windows", 30 * MINUTE_MS, [{ latency_ms: 30, unit_cost_usd: "4", depth_k: null, rerank_n: null }]);
      await keep("windows", 5 * 60 * MINUTE_MS, [{ latency_ms: 40, unit_cost_usd: "10", depth_k: 100, rerank_n: 100 }]);
      await keep("windows", 25 * 60 * MINUTE_MS, [{ latency_ms: 50, unit_cost_usd: "100" }]);
      const [row] = await ask(["use_case:windows"]);
      expect(row).toMatchObject({ timed: 2, latencyMsP50: 15, served: 2, failed: 0, answered: 3, cached: 1 });
      expect(row).toMatchObject({
        retrieved: 2,
        depthK: 6,
        reranked: 1,
        rerankCount: 20,
        hourPriced: 3,
        hourUsd: 2,
        dayPriced: 4,
        dayUsd: 4,
      });
      const [since] = await ask(["use_case:windows"], NOW - 2 * MINUTE_MS);
      expect(since).toMatchObject({ timed: 1, latencyMsP50: 10, served: 1, answered: 3 });
      const [none] = await ask(["use_case:windows"], NOW);
      expect(none).toMatchObject({ timed: 0, latencyMsP50: null, latencyMsP95: null, served: 0, answered: 3 });
    });

    it("tells how well founded answers were rated in the last hour, of calls from the newest change on", async () => {
      const call = { provider: "rated", model_id: "m-answers", requested_model: "m-asked" };
      await keep("founded", MINUTE_MS, [{ ...call, trace_id: "rated-new" }]);
      await keep("founded", 30 * MINUTE_MS, [{ ...call, trace_id: "rated-old" }]);
      const rate = async (id: string, agoMs: number, score: number, more: Partial<Rating> = {}) => {
        const ts = new Date(NOW - agoMs).toISOString();
        const of = { use_case_id: "founded", trace_id: "", name: "groundedness", source: "user" } as const;
        const rating: Rating = { rating_id: `signals ${id}`, event_id: id, ts, tenant: "acme", ...of, score, received_at: ts, ...more };
        await subject.warehouse.insertRatings([JSON.stringify(rating)]);
      };
      await rate("new", 0, 2, { trace_id: "rated-new" });
      await rate("old", 0, 5, { trace_id: "rated-old" });
      await rate("unknown call", MINUTE_MS, 4, { trace_id: "rated-nowhere" });
      await rate("no call, long ago", 30 * MINUTE_MS, 5);
      await rate("yesterday", 61 * MINUTE_MS, 1);
      await rate("another name", 0, 1, { name: "tone" });
      await rate("another tenant's", 0, 1, { trace_id: "rated-new", tenant: "globex" });
      const question = async (sinceMs: number, ...subjects: string[]) => {
        const asked = subjects.map((each) => ({ subject: each, guardedSince: new Date(sinceMs) }));
        return await subject.warehouse.groundedness({ now: new Date(NOW), subjects: asked });
      };
      expect(await question(0, "use_case:founded", "provider:rated", "model:m-asked", "model:m-answers", "use_case:nobody")).toEqual([
        { subject: "model:m-answers", samples: 2, average: 3.5 },
        { subject: "model:m-asked", samples: 2, average: 3.5 },
        { subject: "provider:rated", samples: 2, average: 3.5 },
        { subject: "use_case:founded", samples: 4, average: 4 },
      ]);
      expect(await question(NOW - 2 * MINUTE_MS, "use_case:founded")).toEqual([{ subject: "use_case:founded", samples: 2, average: 3 }]);
      expect(await question(0)).toEqual([]);
      for (let number = 0; number < 30; number++) await rate(`at the limit ${number}`, 0, 4.2, { use_case_id: "limit" });
      expect(await question(0, "use_case:limit")).toEqual([{ subject: "use_case:limit", samples: 30, average: 4.2 }]);
    });

    it("tells what subjects spent by hour and priority, to the nano-dollar, and how many calls were let through and paced", async () => {
      const hour = 60 * MINUTE_MS;
      const call = { model_id: "h-2026", price_id: "list/h@start", provider: "hourly", priority: "p2" } as const;
      await keep("hourly", 2 * hour, [
        { ...call, unit_cost_usd: "0.000000001" },
        { ...call, unit_cost_usd: "123456789.000000001" },
        { ...call, unit_cost_usd: null, cost_basis: "in_doubt" },
        { ...call, priority: "p0", unit_cost_usd: "3" },
        { ...call, outcome: "tracked", operation: "track", priority: "p1", unit_cost_usd: "5" },
        { ...call, outcome: "refused", error_code: "paced", unit_cost_usd: "0" },
        { ...call, outcome: "refused", error_code: "budget_exhausted", unit_cost_usd: "0" },
        { ...call, outcome: "replayed", cache_hit: true, unit_cost_usd: "0" },
      ]);
      await keep("hourly", hour - 1, [{ ...call, unit_cost_usd: "7" }]);
      await keep("hourly", 0, [{ ...call, unit_cost_usd: "100" }]);
      const ask = async (...subjects: string[]) =>
        await subject.warehouse.hourlySpends({ subjects, from: new Date(NOW - 2 * hour), to: new Date(NOW) });
      const [at, of] = [NOW - 2 * hour, { subject: "use_case:hourly" }];
      expect(await ask("use_case:hourly")).toEqual([
        { ...of, at, priority: "p0", nano: usd("5"), admitted: 0, paced: 0 },
        { ...of, at, priority: "p0", nano: usd("3"), admitted: 1, paced: 0 },
        { ...of, at, priority: "p2", nano: usd("123456789.000000002"), admitted: 3, paced: 1 },
        { ...of, at: NOW - hour, priority: "p2", nano: usd("7"), admitted: 1, paced: 0 },
      ]);
      expect((await ask("model:h", "model:h-2026", "provider:hourly")).length).toBe(12);
      expect(await ask("model:nothing")).toEqual([]);
      expect(await ask()).toEqual([]);
    });

    it("tells subjects apart, a call being of its use case, its provider, and its model by either name, once", async () => {
      const call = { provider: "p,'x", model_id: "gpt-answers", requested_model: "gpt-asked" };
      await keep("apart", MINUTE_MS, [call, { ...call, requested_model: "gpt-answers" }]);
      const subjects = ["use_case:apart", "provider:p,'x", "model:gpt-answers", "model:gpt-asked", "use_case:nobody", "model:apart"];
      expect((await ask(subjects)).map(({ subject: of, answered }) => [of, answered])).toEqual([
        ["model:gpt-answers", 2],
        ["model:gpt-asked", 1],
        ["provider:p,'x", 2],
        ["use_case:apart", 2],
      ]);
      expect(await ask([])).toEqual([]);
    });
  });
}
