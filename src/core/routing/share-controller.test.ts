import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededDraws } from "../../std/seeded-draws.ts";
import { ShareController, ShareControllers } from "./share-controller.ts";

const WINDOW = 200;

/** Calls whose complexity drifts, jumps, stays the same for long, or takes few values. */
const traffic = fc
  .record({
    seed: fc.nat(),
    shape: fc.constantFrom("drift", "jump", "same", "few", "falling"),
    share: fc.integer({ min: 1, max: 100 }),
    askedSmall: fc.constantFrom(0, 0, 0.2, 0.6),
  })
  .map(({ seed, shape, share, askedSmall }) => {
    const draw = seededDraws(seed);
    const chance = () => draw() / 2 ** 32;
    const calls = Array.from({ length: 1500 }, (_, at) => {
      const noise = chance() * 0.3;
      const complexity = {
        drift: (Math.sin(at / 150) + 1) * 0.35 + noise,
        jump: (Math.floor(at / 300) % 2) * 0.6 + noise,
        same: 0.25,
        few: Math.floor(chance() * 4) / 4,
        falling: Math.max(0, 1 - at / 1500) * 0.7 + noise,
      }[shape];
      return { complexity: Math.min(1, complexity), asksSmall: chance() < askedSmall };
    });
    return { calls, share: share / 100, askedSmall };
  });

function play({ calls, share }: { calls: readonly { complexity: number; asksSmall: boolean }[]; share: number }): boolean[] {
  const controller = new ShareController();
  return calls.map(({ complexity, asksSmall }) => {
    if (!asksSmall) return controller.goesToSmall(complexity, share);
    controller.count(share);
    return true;
  });
}

/** The share of the small model over every stretch of so many calls. */
function sharesOf(small: readonly boolean[]): number[] {
  const before = [0];
  for (const isSmall of small) before.push(before.at(-1)! + Number(isSmall));
  return before.slice(WINDOW).map((sum, from) => (sum - before[from]!) / WINDOW);
}

describe("the share of the calls that go to the small model", () => {
  it("is within 5 points of its target over any 200 calls, whatever their complexity does", () => {
    fc.assert(
      fc.property(
        traffic.filter(({ askedSmall }) => askedSmall === 0),
        (history) => {
          for (const share of sharesOf(play(history))) expect(Math.abs(share - history.share)).toBeLessThanOrEqual(0.05);
        },
      ),
      { numRuns: 60, seed: 21 },
    );
  });

  it("is nowhere more than 5 points below its target where part of the calls asks for the small model by itself", () => {
    fc.assert(
      fc.property(traffic, (history) => {
        for (const share of sharesOf(play(history))) expect(share).toBeGreaterThanOrEqual(history.share - 0.05);
      }),
      { numRuns: 60, seed: 22 },
    );
  });

  it("leaves calls alone when those that ask for the small model are its share already", () => {
    const calls = Array.from({ length: 3000 }, (_, at) => ({ complexity: ((at * 37) % 100) / 100, asksSmall: at % 10 < 7 }));
    const small = play({ calls, share: 0.6 });
    expect(small.slice(500).filter((isSmall, at) => isSmall && !calls[at + 500]!.asksSmall)).toHaveLength(0);
  });

  it("takes the least complex calls: of those that stay, hardly one is simpler than one that goes", () => {
    const draw = seededDraws(7);
    const calls = Array.from({ length: 4000 }, () => ({ complexity: draw() / 2 ** 32, asksSmall: false }));
    const small = play({ calls, share: 0.5 });
    const wrong = calls
      .slice(400)
      .filter(({ complexity }, at) => small[at + 400] === complexity > 0.5 && Math.abs(complexity - 0.5) > 0.15);
    expect(wrong.length / 3600).toBeLessThan(0.02);
  });

  it("is held for each use case and ladder by itself", () => {
    const controllers = new ShareControllers();
    expect(controllers.of("desk")).toBe(controllers.of("desk"));
    expect(controllers.of("desk")).not.toBe(controllers.of("search"));
  });
});
