import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededDraws } from "../../std/seeded-draws.ts";
import { momentsOf } from "./cost-moments.ts";
import { type LeverStratum, leverParts } from "./lever-parts.ts";
import { solveSymmetric } from "./solve-symmetric.ts";

const draws = seededDraws(7);
const cost = (mean: number) => mean * (0.5 + (draws() + 0.5) / 2 ** 32);
const sample = (calls: number, mean: number) => momentsOf(Array.from({ length: calls }, () => cost(mean)));

/** Each lever takes its share of the full cost off a call. */
const TAKES_OFF: Readonly<Record<string, number>> = { routing_small: 0.5, prompt_compression: 0.1, response_cap: 0.2 };

function aStratum(base: number, sets: readonly (readonly string[])[]): LeverStratum {
  const left = (levers: readonly string[]) => 1 - levers.reduce((sum, lever) => sum + TAKES_OFF[lever]!, 0);
  return { holdout: sample(3000, base), cells: sets.map((levers) => ({ levers, moments: sample(3000, base * left(levers)) })) };
}

describe("the parts of levers", () => {
  it("are told apart where several changed the same calls, over models of different prices", () => {
    const sets = [[], ["routing_small"], ["prompt_compression", "routing_small"], ["prompt_compression", "response_cap"], ["response_cap"]];
    const strata = [aStratum(1, sets), aStratum(20, sets.toReversed())];
    for (const part of leverParts(strata)) {
      if (part.outcome === "unknown") throw new Error(part.reason);
      // Each lever changed two sets of five, all of one size.
      const truth = 100 * TAKES_OFF[part.lever]! * (part.calls / 30_000);
      expect(part.savedPercent.value).toBeCloseTo(truth, -0.5);
      expect(part.savedPercent.low).toBeLessThan(truth);
      expect(part.savedPercent.high).toBeGreaterThan(truth);
    }
  });

  it("come to the whole saving where every changed call was changed by one lever", () => {
    const stratum = aStratum(3, [["routing_small"], ["response_cap"], ["prompt_compression"]]);
    const parts = leverParts([stratum]);
    const calls = stratum.cells.reduce((sum, { moments }) => sum + moments.calls, 0);
    const paid = stratum.cells.reduce((sum, { moments }) => sum + moments.sum, 0);
    const would = (calls * stratum.holdout.sum) / stratum.holdout.calls;
    const saved = parts.reduce((sum, part) => sum + (part.outcome === "estimated" ? part.savedUsd : 0), 0);
    expect(saved).toBeCloseTo(would - paid, 6);
  });

  it("are unknown of two levers that always act together, and known of a third", () => {
    const parts = leverParts([aStratum(1, [["prompt_compression", "response_cap"], ["routing_small"]])]);
    expect(parts.map(({ lever, outcome }) => [lever, outcome])).toEqual([
      ["prompt_compression", "unknown"],
      ["response_cap", "unknown"],
      ["routing_small", "estimated"],
    ]);
    expect(parts[0]).toMatchObject({ reason: expect.stringMatching(/together/), calls: 3000 });
  });

  it("are unknown where the holdout has too few calls of the kind", () => {
    const stratum = { holdout: sample(5, 1), cells: [{ levers: ["response_cap"], moments: sample(100, 1) }] };
    expect(leverParts([stratum])).toMatchObject([{ lever: "response_cap", outcome: "unknown", calls: 100 }]);
  });
});

describe("solving for the parts", () => {
  it("gives the inverse of any matrix that has one", () => {
    const values = fc.array(fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 3, maxLength: 3 }), {
      minLength: 3,
      maxLength: 3,
    });
    fc.assert(
      fc.property(values, (factor) => {
        // A factor times its mirror image, and a little on the diagonal: symmetric and never singular.
        const matrix = factor.map((row, i) =>
          factor.map((other, j) => row.reduce((sum, value, k) => sum + value * other[k]!, i === j ? 0.1 : 0)),
        );
        const inverse = solveSymmetric(matrix);
        for (const [i, row] of matrix.entries())
          for (const j of matrix.keys()) {
            const product = row.reduce((sum, value, k) => sum + value * inverse[k]![j]!, 0);
            expect(product).toBeCloseTo(Number(i === j), 5);
          }
      }),
    );
  });

  it("answers nothing for columns that are one and the same, and the rest for the others", () => {
    const [one, other, third] = solveSymmetric([
      [2, 2, 0],
      [2, 2, 0],
      [0, 0, 4],
    ]);
    expect([one, other]).toEqual([undefined, undefined]);
    expect(third).toEqual([expect.anything(), expect.anything(), 0.25]);
  });
});
