import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseSize, type SizeQuestion } from "./choose-size.ts";
import { MODEL_SIZES, type ModelSize, placeOnLadder, sizesBelow } from "./model-ladder.ts";

const ladder = { models: { small: "s", medium: "m", large: "l" }, useCases: [] };
const question = fc
  .record({
    asked: fc.constantFrom(...MODEL_SIZES),
    possible: fc.subarray([...MODEL_SIZES]),
    pii: fc.boolean(),
    routing: fc.option(fc.record({ toSmall: fc.boolean(), complexity: fc.double({ min: 0, max: 1, noNaN: true }) }), { nil: undefined }),
    largeIsFrozen: fc.boolean(),
  })
  .map(({ asked, possible, ...rest }): SizeQuestion => {
    const below = new Set(sizesBelow({ ladder, size: asked }).filter((size) => possible.includes(size)));
    return { asked, below, ...rest };
  });

const rank = (size: ModelSize) => MODEL_SIZES.indexOf(size);

describe("the size that a call goes to", () => {
  it("is never larger than asked, never one that cannot take it, and never small for personal data that did not ask for it", () => {
    fc.assert(
      fc.property(question, (asked) => {
        const size = chooseSize(asked);
        if (size === "frozen") {
          expect([asked.asked, asked.largeIsFrozen]).toEqual(["large", true]);
          return;
        }
        expect(rank(size)).toBeLessThanOrEqual(rank(asked.asked));
        expect(size === asked.asked || asked.below.has(size)).toBe(true);
        if (asked.pii && asked.asked !== "small") expect(size).not.toBe("small");
        if (asked.largeIsFrozen) expect(size).not.toBe("large");
        if (!asked.routing && !asked.largeIsFrozen) expect(size).toBe(asked.asked);
      }),
      { numRuns: 2000, seed: 31 },
    );
  });

  it("is medium below the natural threshold of large, and what was asked above it", () => {
    const asked = { asked: "large", below: new Set<ModelSize>(["small", "medium"]), pii: false, largeIsFrozen: false } as const;
    expect(chooseSize({ ...asked, routing: { toSmall: false, complexity: 0.69 } })).toBe("medium");
    expect(chooseSize({ ...asked, routing: { toSmall: false, complexity: 0.7 } })).toBe("large");
    expect(chooseSize({ ...asked, routing: { toSmall: true, complexity: 0.9 } })).toBe("small");
    expect(chooseSize({ ...asked, pii: true, routing: { toSmall: true, complexity: 0.1 } })).toBe("medium");
  });

  it("is frozen where personal data could only go to the small model", () => {
    const asked = { asked: "large", routing: undefined, largeIsFrozen: true } as const;
    expect(chooseSize({ ...asked, below: new Set(["small"]), pii: true })).toBe("frozen");
    expect(chooseSize({ ...asked, below: new Set(["small"]), pii: false })).toBe("small");
    expect(chooseSize({ ...asked, below: new Set(), pii: false })).toBe("frozen");
  });
});

describe("a model's ladder", () => {
  const ofDesk = { models: { small: "s", large: "l" }, useCases: ["desk"] };
  it("is the first that has the model and takes the use case", () => {
    expect(placeOnLadder([ofDesk, ladder], "l", "desk")).toEqual({ ladder: ofDesk, size: "large" });
    expect(placeOnLadder([ofDesk, ladder], "l", undefined)).toEqual({ ladder, size: "large" });
    expect(placeOnLadder([ofDesk], "l", "search")).toBeUndefined();
    expect(placeOnLadder([ladder], "other", "desk")).toBeUndefined();
  });

  it("has only the sizes that it names", () => {
    expect(sizesBelow({ ladder: ofDesk, size: "large" })).toEqual(["small"]);
    expect(sizesBelow({ ladder, size: "large" })).toEqual(["small", "medium"]);
    expect(sizesBelow({ ladder, size: "small" })).toEqual([]);
  });
});
