import { describe, expect, it } from "vitest";
import { scenarioView } from "../../contract/scenario-view.ts";
import { seededDraws } from "../../std/seeded-draws.ts";
import { runScenarios } from "./run-scenarios.ts";
import { BASE, INPUTS, MODELS, planOf } from "./scenario-test-kit.ts";
import { runThrough } from "./work-steps.ts";

/** Volume, mix, depth, cache hit, p95, unit cost and run-rate, as the economics document prints them. */
const DOCUMENT = [
  ["Optimistic", 1_200_000, [70, 25, 5], 3, 70, 950, "0.0068", "8160"],
  ["Base", 800_000, [55, 35, 10], 5, 60, 1100, "0.0092", "7360"],
  ["Conservative", 500_000, [40, 45, 15], 8, 45, 1200, "0.0135", "6750"],
] as const;

function answerOf(document: object) {
  return scenarioView(runThrough(runScenarios(planOf(document), seededDraws)));
}

const figures = (document: object) =>
  answerOf(document).scenarios.map((one) => [one.name, one.ucr_usd, one.run_rate_usd, one.p95_latency_ms]);

describe("the three scenarios of the economics document", () => {
  it("come to 8,160, 7,360 and 6,750 USD from the unit costs that it states", () => {
    const scenarios = DOCUMENT.map(([name, monthly_volume, , , , p95_latency_ms, ucr_usd]) => ({
      name,
      monthly_volume,
      ucr_usd,
      p95_latency_ms,
    }));
    expect(figures({ scenarios })).toEqual(DOCUMENT.map(([name, , , , , p95, ucr, runRate]) => [name, ucr, runRate, p95]));
  });

  it("come to the same from their mix, depth and cache hit at one set of prices", () => {
    const scenarios = DOCUMENT.map(([name, monthly_volume, [small, medium, large], depth_k, cache_hit, p95_latency_ms]) => {
      const mix = { small: `${small}%`, medium: `${medium}%`, large: `${large}%` };
      return { name, monthly_volume, mix, depth_k, cache_hit: `${cache_hit}%`, p95_latency_ms };
    });
    const document = { models: MODELS, inputs: INPUTS, scenarios };
    expect(figures(document)).toEqual(DOCUMENT.map(([name, , , , , p95, ucr, runRate]) => [name, ucr, runRate, p95]));
  });

  it("ask for a cap of 9,000 USD, which carries the dearest of them", () => {
    const scenarios = DOCUMENT.map(([name, monthly_volume, , , , , ucr_usd]) => ({ name, monthly_volume, ucr_usd }));
    expect(answerOf({ use_case: "ops_copilot", scenarios }).proposed_budgets).toEqual([
      {
        scope: { use_case: "ops_copilot" },
        window: "month",
        limit_usd: "9000",
        thresholds: [75, 100],
        scenario: "Optimistic",
        planned_usd: "8160",
      },
    ]);
  });
});

describe("a scenario", () => {
  it("has components that add up to its unit cost", () => {
    const [base] = answerOf({
      models: MODELS,
      inputs: { ...INPUTS, hitl_minutes: "0.01", hitl_usd_per_minute: "0.5", rerank_candidates: 20, rerank_usd: "0.00001" },
      scenarios: [BASE],
    }).scenarios;
    expect(base!.components).toEqual({
      input: "0.00162",
      generation: "0.00234",
      retrieval: "0.0012",
      rerank: "0.00008",
      vector_io: "0.00004",
      orchestration: "0.004",
      hitl: "0.005",
    });
    expect(base!.ucr_usd).toBe("0.01428");
  });

  it("grows from month to month, and spreads a monthly pool over each month's requests", () => {
    const pool = {
      name: "Pool",
      monthly_volume: 100,
      mix: { small: 1 },
      prompt_tokens: 1_000_000,
      gen_tokens: 0,
      orchestration_monthly_usd: 100,
      growth: "100%",
    };
    const [grown] = answerOf({ months: 3, models: MODELS, scenarios: [pool] }).scenarios;
    expect(grown!.months).toEqual([
      { month: 1, volume: "100", ucr_usd: "2", run_rate_usd: "200" },
      { month: 2, volume: "200", ucr_usd: "1.5", run_rate_usd: "300" },
      { month: 3, volume: "400", ucr_usd: "1.25", run_rate_usd: "500" },
    ]);
    expect(grown!.total_usd).toBe("1000");
  });

  it("shows the p95 latency of the mixture where every part has one, and none where one is not known", () => {
    const latency_ms = { p50: 400, p95: 1000 };
    const of = (models: object, cache?: object) =>
      answerOf({ models, ...(cache ? { cache_latency_ms: cache } : {}), inputs: INPUTS, scenarios: [BASE] }).scenarios[0]!.p95_latency_ms;
    const all = Object.fromEntries(Object.entries(MODELS).map(([name, model]) => [name, { ...model, latency_ms }]));
    expect(of(all)).toBeNull();
    expect(of(all, latency_ms)).toBe(1000);
    // 60 % from a fast cache: 5 % of all is 12.5 % of the rest, z = 1.1503 of a log-normal with sigma 0.5571.
    expect(of(all, { p50: 1, p95: 2 })).toBe(Math.round(400 * Math.exp(1.15035 * 0.557064)));
    expect(of({ ...all, large: MODELS.large }, latency_ms)).toBeNull();
  });
});
