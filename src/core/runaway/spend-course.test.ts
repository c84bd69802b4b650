import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Nano, usd } from "../money/usd.ts";
import { LEAST_HISTORY, type RunawayRule, SpendCourse } from "./spend-course.ts";

const MINUTE_MS = 60_000;
const START = Date.UTC(2026, 10, 21);
const rule: RunawayRule = { factor: 10, windowMs: 5 * MINUTE_MS, floorNano: usd("5"), stops: true };

/** A course after some windows of this spending each, in one call in their middle, and the beginning of the next window. */
function courseAfter(perWindow: readonly Nano[], given: RunawayRule = rule) {
  const course = new SpendCourse(given);
  perWindow.forEach((nano, index) => void course.spend(nano, START + (index + 0.5) * given.windowMs));
  return { course, now: START + perWindow.length * given.windowMs };
}
const usually = (amount: string, windows = LEAST_HISTORY) => courseAfter(Array<Nano>(windows).fill(usd(amount)));

describe("who runs away", () => {
  it("is who spends more than the factor times the own median, and more than the floor", () => {
    const { course, now } = usually("1");
    expect(course.spend(usd("9.5"), now + 3 * MINUTE_MS)).toBeUndefined();
    const runaway = course.spend(usd("0.6"), now + 3 * MINUTE_MS);
    expect(runaway).toMatchObject({ spentNano: usd("10.1"), usualNano: usd("1"), limitNano: usd("10") });
    expect(course.spend(usd("1"), now + 3 * MINUTE_MS)).toBeUndefined();
  });

  it("is nobody below the floor, and nobody with too little history", () => {
    const small = usually("0.01");
    expect(small.course.spend(usd("5"), small.now + 3 * MINUTE_MS)).toBeUndefined();
    expect(small.course.spend(usd("0.01"), small.now + 3 * MINUTE_MS)).toMatchObject({ limitNano: usd("5") });
    const young = usually("1", LEAST_HISTORY - 1);
    expect(young.course.spend(usd("1000"), young.now)).toBeUndefined();
  });

  it("counts windows without spending as no history: who works once an hour is not measured by the hours between", () => {
    const course = new SpendCourse(rule);
    const hourly = Array.from({ length: 60 }, (_, hour) => course.spend(usd("8"), START + hour * 60 * MINUTE_MS));
    expect(hourly.filter(Boolean)).toEqual([]);
  });

  it("is let through again by itself once half of it has slid out of the window", () => {
    const { course, now } = usually("1");
    for (let call = 0; call < 11; call++) course.spend(usd("1"), now + call * 20_000);
    const seen = course.look(now + 4 * MINUTE_MS)!;
    expect(seen.recentNano).toBe(usd("11"));
    expect(course.look(seen.overAt - 1)).toBeDefined();
    expect(course.look(seen.overAt)).toBeUndefined();
    expect(seen.overAt).toBeLessThanOrEqual(now + 11 * 20_000 + rule.windowMs);
  });

  it("does not become usual by being stopped, and does where nobody is stopped", () => {
    const limitAfterHours = (given: RunawayRule) => {
      const { course, now } = courseAfter(Array<Nano>(LEAST_HISTORY).fill(usd("1")), given);
      const begins: unknown[] = [];
      for (let window = 0; window < 30; window++) begins.push(course.spend(usd("20"), now + (window + 0.5) * given.windowMs));
      return begins.filter(Boolean).length;
    };
    expect(limitAfterHours(rule)).toBeGreaterThan(10);
    expect(limitAfterHours({ ...rule, stops: false })).toBeLessThan(15);
  });
});

/** Calls in each of many windows: their number, and for each its place in the window and cost in cents. */
const steadyWindow = fc.array(fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.integer({ min: 100, max: 300 })), {
  minLength: 3,
  maxLength: 3,
});

describe("over any history", () => {
  it("who is steady is never stopped, however their calls lie within the windows", () => {
    fc.assert(
      fc.property(fc.array(steadyWindow, { minLength: 30, maxLength: 80 }), fc.integer({ min: 6, max: 50 }), (windows, factor) => {
        const course = new SpendCourse({ ...rule, factor, floorNano: 0n });
        return windows.every((calls, index) =>
          calls
            .toSorted(([a], [b]) => a - b)
            .every(
              ([place, cents]) =>
                course.spend(BigInt(cents) * 10_000_000n, START + Math.floor((index + place) * rule.windowMs)) === undefined,
            ),
        );
      }),
    );
  });

  it("who spends the factor times the usual is stopped with the call that passes it, and none before", () => {
    const spends = fc.record({
      usual: fc.bigInt(1n, usd("100")),
      factor: fc.integer({ min: 3, max: 100 }),
      call: fc.bigInt(1n, usd("50")),
    });
    fc.assert(
      fc.property(spends, ({ usual, factor, call }) => {
        const given = { ...rule, factor };
        const { course, now } = courseAfter(Array<Nano>(LEAST_HISTORY).fill(usual), given);
        const limit = usual * BigInt(factor) > rule.floorNano ? usual * BigInt(factor) : rule.floorNano;
        const needed = limit / call + 1n;
        fc.pre(needed <= 2000n);
        // What the last window before still holds has slid out by its end.
        const at = now + 0.6 * rule.windowMs;
        for (let made = 1n; made <= needed; made++) {
          const runaway = course.spend(call, at);
          if ((runaway !== undefined) !== (made === needed)) return false;
        }
        return true;
      }),
    );
  });

  it("it is over within a window of the last spending, whatever was spent", () => {
    const costs = fc.array(fc.tuple(fc.integer({ min: 0, max: 20 * 60_000 }), fc.bigInt(0n, usd("500"))), { maxLength: 200 });
    fc.assert(
      fc.property(costs, (calls) => {
        const { course, now } = usually("1");
        const inOrder = calls.toSorted(([a], [b]) => a - b);
        for (const [at, cost] of inOrder) course.spend(cost, now + at);
        const last = now + (inOrder.at(-1)?.[0] ?? 0);
        const overAt = course.look(last)?.overAt ?? last;
        return overAt <= last + rule.windowMs && course.look(overAt) === undefined && course.look(last + rule.windowMs) === undefined;
      }),
    );
  });
});
