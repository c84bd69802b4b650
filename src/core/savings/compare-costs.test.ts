import { describe, expect, it } from "vitest";
import { seededDraws } from "../../std/seeded-draws.ts";
import { type Comparison, compareCosts } from "./compare-costs.ts";
import { momentsOf } from "./cost-moments.ts";
import { studentQuantile95 } from "./student-quantile.ts";

const draws = seededDraws(2026);
const uniform = () => (draws() + 0.5) / 2 ** 32;
const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
const sample = (calls: number, cost: () => number) => momentsOf(Array.from({ length: calls }, cost));

/** Costs as calls have them: none below zero, a few much dearer than the rest. */
const SHAPES = {
  exponential: { draw: () => -Math.log(uniform()), mean: 1 },
  "as a gamma of shape 1/2": { draw: () => normal() ** 2, mean: 1 },
  "as a lognormal of 0.8": { draw: () => Math.exp(0.8 * normal()), mean: Math.exp(0.32) },
  "as a lognormal of 1": { draw: () => Math.exp(normal()), mean: Math.exp(0.5) },
};

describe("savings against the holdout", () => {
  it.each(Object.entries(SHAPES))("hold the truth in 93 to 97 of 100 intervals where costs are skewed: %s", (_, { draw, mean }) => {
    const calls = 400;
    const truth = { usd: mean * (1 - 0.7 * 0.7), percent: 51 };
    const inside = { usd: 0, percent: 0 };
    let known = 0;
    for (let week = 0; week < 1500; week++) {
      // Levers make three calls in ten free and the others cost 30 % less.
      const result = compareCosts([
        { holdout: sample(calls, draw), treated: sample(4 * calls, () => (uniform() < 0.3 ? 0 : 0.7 * draw())) },
      ]);
      if (result.outcome === "unknown") continue;
      known += 1;
      const { savedPerCall, savedPercent } = result;
      inside.usd += Number(savedPerCall.low <= truth.usd && truth.usd <= savedPerCall.high);
      inside.percent += Number(savedPercent.low <= truth.percent && truth.percent <= savedPercent.high);
    }
    expect(known).toBeGreaterThan(400);
    for (const count of Object.values(inside)) {
      expect(count / known).toBeGreaterThanOrEqual(0.93);
      expect(count / known).toBeLessThanOrEqual(0.97);
    }
  });

  it("are none, most of the time, where levers do nothing", () => {
    const { draw } = SHAPES.exponential;
    const claims = Array.from({ length: 400 }, () => compareCosts([{ holdout: sample(300, draw), treated: sample(1200, draw) }])).filter(
      (result) => result.outcome === "measured" && result.savedPercent.low > 0,
    );
    expect(claims.length / 400).toBeLessThan(0.05);
  });

  it("are not what a holdout that happened to draw dearer requests makes of them", () => {
    const cheap = () => 0.9 + 0.2 * uniform();
    const dear = () => 9 + 2 * uniform();
    const result = compareCosts([
      { holdout: sample(100, cheap), treated: sample(1000, cheap) },
      { holdout: sample(200, dear), treated: sample(100, dear) },
    ]);
    expect(measured(result).savedPercent.value).toBeCloseTo(0, 0);
  });

  it("are less by what the levers themselves cost, and below zero where that is more", () => {
    const strata = [{ holdout: sample(500, uniform), treated: sample(2000, () => 0.8 * uniform()) }];
    const [gross, net] = [0, 0.3].map((overhead) => measured(compareCosts(strata, overhead)));
    expect(gross!.savedPerCall.value - net!.savedPerCall.value).toBeCloseTo(0.3, 9);
    expect(net!.savedPercent.high).toBeLessThan(0);
  });

  it("are unknown with too few calls in the holdout, and say how many are needed; more where costs are more skewed", () => {
    const few = compareCosts([{ holdout: sample(50, uniform), treated: sample(5000, uniform) }]);
    expect(few).toMatchObject({ outcome: "unknown", holdoutCalls: 50, neededHoldoutCalls: 100 });
    const skewed = compareCosts([{ holdout: sample(100, () => normal() ** 4), treated: sample(5000, () => normal() ** 4) }]);
    expect(skewed.outcome).toBe("unknown");
    expect(skewed.outcome === "unknown" && skewed.neededHoldoutCalls).toBeGreaterThan(500);
  });

  it("are unknown where the holdout has no calls of any kind that levers acted on, and where it costs nothing", () => {
    const [none, some] = [sample(0, uniform), sample(300, uniform)];
    const apart = [
      { holdout: some, treated: none },
      { holdout: none, treated: some },
    ];
    expect(compareCosts(apart)).toMatchObject({ outcome: "unknown", holdoutCalls: 300 });
    expect(compareCosts([])).toMatchObject({ outcome: "unknown" });
    const free = sample(300, () => 0);
    expect(compareCosts([{ holdout: free, treated: free }])).toMatchObject({
      outcome: "unknown",
      reason: expect.stringMatching(/nothing/),
    });
  });

  it("use Student's quantiles as the tables have them", () => {
    const table = { 6: 2.4469, 10: 2.2281, 30: 2.0423, 120: 1.9799 };
    for (const [degrees, quantile] of Object.entries(table)) expect(studentQuantile95(Number(degrees))).toBeCloseTo(quantile, 2);
  });
});

function measured(result: Comparison) {
  if (result.outcome === "unknown") throw new Error(result.reason);
  return result;
}
