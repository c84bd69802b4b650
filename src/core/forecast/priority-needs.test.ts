import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { usd } from "../money/usd.ts";
import { HOUR_MS } from "./hourly-shape.ts";
import type { Priority } from "./pacing.ts";
import { type PriorityHour, priorityNeeds, unpacedHours } from "./priority-needs.ts";

const NOW = Date.parse("2026-11-16T00:00:00Z");

function hour(ago: number, cost: string, more: Partial<PriorityHour> = {}): PriorityHour {
  return { at: NOW - ago * HOUR_MS, nano: usd(cost), priority: "p2", admitted: 10, paced: 0, ...more };
}

describe("what priorities need", () => {
  const each = (priority: Priority, cost: string, hours = 24) =>
    Array.from({ length: hours }, (_, index) => hour(index + 1, cost, { priority }));

  it("is what each would spend at its own rate until the window ends, also of one that began just now", () => {
    const hours = [...each("p0", "2"), ...each("p1", "1"), hour(1, "24", { priority: "p2" })];
    const needs = priorityNeeds(hours, NOW, NOW + 10 * HOUR_MS);
    expect(needs).toEqual({
      ...{ observedAt: NOW, windowEndsAt: NOW + 10 * HOUR_MS },
      neededNano: { p0: usd("20"), p1: usd("10"), p2: usd("10") },
    });
  });

  it("is not known from less than three whole hours", () => {
    expect(priorityNeeds([], NOW, NOW + HOUR_MS)).toBeUndefined();
    expect(priorityNeeds(each("p1", "1", 2), NOW, NOW + HOUR_MS)).toBeUndefined();
    expect(priorityNeeds(each("p1", "1", 3), NOW, NOW + HOUR_MS)?.neededNano).toEqual({ p0: 0n, p1: usd("1"), p2: 0n });
  });

  it("does not fall because calls are held back: an hour at half of its calls wanted twice what it cost", () => {
    const free = Array.from({ length: 12 }, (_, index) => hour(index + 13, "4"));
    const paced = Array.from({ length: 12 }, (_, index) => hour(index + 1, "2", { admitted: 5, paced: 5 }));
    expect(priorityNeeds([...free, ...paced], NOW, NOW + 10 * HOUR_MS)?.neededNano.p2).toBe(usd("40"));
  });

  it("does not rise because who was held back came again: it is no more than the dearest hour without pacing", () => {
    const wanted = unpacedHours([hour(3, "4"), hour(2, "2", { admitted: 5, paced: 95 }), hour(1, "0", { admitted: 0, paced: 900 })]);
    expect(wanted.map(({ nano }) => nano)).toEqual([usd("4"), usd("4"), usd("4")]);
  });

  it("takes what a call costs from other hours where none was let through", () => {
    const wanted = unpacedHours([hour(2, "2", { admitted: 4, paced: 4 }), hour(1, "0", { admitted: 0, paced: 3 })]);
    expect(wanted.map(({ nano }) => nano)).toEqual([usd("4"), usd("1.5")]);
    expect(unpacedHours([hour(1, "0", { admitted: 0, paced: 3 })]).map(({ nano }) => nano)).toEqual([0n]);
  });

  it("is never less than what was spent, and of hours without pacing exactly that", () => {
    const some = fc.record({ nano: fc.bigInt(0n, 10n ** 15n), admitted: fc.nat(1000), paced: fc.nat(1000) });
    fc.assert(
      fc.property(fc.array(some, { minLength: 1, maxLength: 30 }), (given) => {
        const hours = given.map((each, index) => ({ ...each, at: NOW - index * HOUR_MS, priority: "p2" as const }));
        unpacedHours(hours).forEach(({ at, nano }, index) => {
          const { nano: spent, paced, at: from } = hours[index]!;
          expect(at).toBe(from);
          expect(nano >= spent && (paced > 0 || nano === spent)).toBe(true);
        });
      }),
    );
  });
});
