import { describe, expect, it } from "vitest";
import { REUSE_LEVELS, reuseTerms, reuseWishes } from "./reuse-terms.ts";

const OFF = { exactMs: 0, semanticMs: 0 };

describe("how long answers are given again", () => {
  it("is what is configured while no lever is turned, and nothing where nothing is", () => {
    expect(reuseTerms(OFF, {})).toEqual(OFF);
    expect(reuseTerms({ exactMs: 5, semanticMs: 3 }, {})).toEqual({ exactMs: 5, semanticMs: 3 });
  });

  it("grows with the lever's level, and is never shortened by it", () => {
    const minutes = REUSE_LEVELS.map((_, level) => reuseTerms(OFF, { cache_aggressiveness: level })).map((terms) => [
      terms.exactMs / 60_000,
      terms.semanticMs / 60_000,
    ]);
    expect(minutes).toEqual([
      [0, 0],
      [10, 0],
      [60, 30],
      [1440, 120],
    ]);
    expect(reuseTerms({ exactMs: 7_200_000, semanticMs: 1 }, { cache_aggressiveness: 1 })).toEqual({ exactMs: 7_200_000, semanticMs: 1 });
  });

  it("is the longest while only caches may answer", () => {
    expect(reuseTerms(OFF, { cache_only: 1 })).toEqual(REUSE_LEVELS.at(-1));
  });
});

describe("what a caller says of caches", () => {
  it.each([
    [undefined, true, true, Number.POSITIVE_INFINITY],
    ["no-cache", false, true, Number.POSITIVE_INFINITY],
    ["No-Store", false, false, Number.POSITIVE_INFINITY],
    ["private, max-age=60", true, true, 60_000],
    ["max-age=x", true, true, Number.POSITIVE_INFINITY],
  ])("%s", (header, mayRead, mayKeep, mostAgeMs) => {
    expect(reuseWishes(header)).toEqual({ mayRead, mayKeep, mostAgeMs });
  });
});
