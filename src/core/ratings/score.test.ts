import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SCORE_LABELS, SCORE_SCALES, scoreOf, scoreOfLabel } from "./score.ts";

describe("scores", () => {
  it("lie from 1 to 5 whatever the scale, with its ends on the ends", () => {
    expect([scoreOf(0, "0-1"), scoreOf(0.8, "0-1"), scoreOf(1, "0-1")]).toEqual([1, 4.2, 5]);
    expect([scoreOf(1, "1-5"), scoreOf(4.2, "1-5"), scoreOf(5, "1-5")]).toEqual([1, 4.2, 5]);
  });

  it("keep the order of what was given, and refuse what lies outside", () => {
    const value = fc.double({ min: -10, max: 10 });
    fc.assert(
      fc.property(value, value, fc.constantFrom(...SCORE_SCALES), (a, b, scale) => {
        const [one, other] = [scoreOf(a, scale), scoreOf(b, scale)];
        if (one === undefined || other === undefined) return true;
        return one >= 1 && one <= 5 && (a <= b ? one <= other : one >= other);
      }),
    );
    expect([scoreOf(4, "0-1"), scoreOf(0.5, "1-5"), scoreOf(Number.NaN, "1-5"), scoreOf(-0.1, "0-1")]).toEqual(Array(4).fill(undefined));
  });

  it("are given by words too, and by no unknown word", () => {
    for (const label of SCORE_LABELS) expect([1, 3, 5]).toContain(scoreOfLabel(label));
    expect([scoreOfLabel("Not Grounded"), scoreOfLabel("PASS"), scoreOfLabel("partially-grounded")]).toEqual([1, 5, 3]);
    expect([scoreOfLabel("so so"), scoreOfLabel("toString"), scoreOfLabel("")]).toEqual([undefined, undefined, undefined]);
  });
});
