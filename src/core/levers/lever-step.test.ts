import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LeverKind } from "./lever.ts";
import { LEVERS } from "./lever-list.ts";
import { isCheaper, stepTowards } from "./lever-step.ts";

const anyLever: fc.Arbitrary<LeverKind> = fc.constantFrom(...Object.values<LeverKind>(LEVERS));

describe("the steps of a lever", () => {
  it("begin at the entry and end at the target", () => {
    expect(stepTowards(LEVERS.depth_k, 1000, 4)).toBe(8);
    expect(stepTowards(LEVERS.depth_k, 1000, 12)).toBe(12);
    expect(stepTowards(LEVERS.depth_k, 5, 4)).toBe(4);
    expect(stepTowards(LEVERS.small_model_share, 50, 65)).toBe(65);
    expect(stepTowards(LEVERS.small_model_share, 0, 10)).toBe(10);
  });

  it("reach any target from off in finitely many, each towards the cheaper side and within the range", () => {
    const farFromOff = anyLever.chain((lever) =>
      fc.record({ lever: fc.constant(lever), target: fc.integer({ min: lever.least, max: lever.most }) }),
    );
    fc.assert(
      fc.property(farFromOff, ({ lever, target }) => {
        fc.pre(target !== lever.off);
        let value = lever.off;
        for (let steps = 0; value !== target && steps < 5_000; steps++) {
          const next = stepTowards(lever, value, target);
          if (!isCheaper(lever, next, value) || next < lever.least || next > lever.most) return false;
          value = next;
        }
        return value === target;
      }),
    );
  });

  it("are never taken towards the dearer side", () => {
    expect(() => stepTowards(LEVERS.depth_k, 4, 8)).toThrow("cheaper side");
  });
});

describe("every lever", () => {
  it("has its entry and off within its range, and a step that leads somewhere", () => {
    for (const [name, lever] of Object.entries<LeverKind>(LEVERS)) {
      const isSound = lever.off >= lever.least && lever.off <= lever.most && isCheaper(lever, lever.entry, lever.off) && lever.step > 0;
      expect([name, isSound]).toEqual([name, true]);
    }
  });
});
