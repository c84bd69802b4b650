import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { usd } from "../money/usd.ts";
import { type ExhaustionInput, exhaustionSignal, forecastExhaustion, LONGEST_HOURS } from "./exhaustion.ts";
import { HOUR_MS, type HourlySpend } from "./hourly-shape.ts";

const NOW = Date.parse("2026-11-16T00:00:00Z");
const MONTH_END = Date.parse("2026-12-01T00:00:00Z");
const LEFT_HOURS = (MONTH_END - NOW) / HOUR_MS;

/** The hours before now, oldest first. @param costs in USD, by how many hours ago: 1 is the last whole hour */
function hoursBack(count: number, costs: (ago: number, at: number) => number): HourlySpend[] {
  return Array.from({ length: count }, (_, index) => {
    const at = NOW - (count - index) * HOUR_MS;
    return { at, nano: BigInt(Math.round(costs(count - index, at) * 1e9)) };
  });
}

function forecast(hours: readonly HourlySpend[], more: Partial<ExhaustionInput> = {}) {
  const answer = forecastExhaustion({ spentNano: usd("500"), capNano: usd("900"), hours, now: NOW, windowEndsAt: MONTH_END, ...more });
  if (answer.outcome === "unknown") throw new Error(answer.detail);
  const hoursLeft = answer.exhaustedAt === undefined ? undefined : (answer.exhaustedAt - NOW) / HOUR_MS;
  return { ...answer, hoursLeft };
}

describe("the forecast of a cap", () => {
  it("of even spending is what is left over the rate, and the projection is the rate to the end of the window", () => {
    const { hoursLeft, projectedNano, basis, hourlyNano } = forecast(hoursBack(24, () => 4));
    expect([hoursLeft, basis, hourlyNano]).toEqual([100, "flat", usd("4")]);
    expect(projectedNano).toBe(usd("500") + usd("4") * BigInt(LEFT_HOURS));
  });

  it("is not moved by one dear hour more than its part of a day", () => {
    const even = forecast(hoursBack(24, () => 4)).hoursLeft!;
    const spiked = forecast(hoursBack(24, (ago) => (ago === 2 ? 28 : 4))).hoursLeft!;
    expect([even, spiked]).toEqual([100, 80]);
  });

  it("follows a rise that lasts within four hours, long before the day's mean does", () => {
    const rate = (hours: number) => forecast(hoursBack(48, (ago) => (ago <= hours ? 40 : 4)).slice(-24)).hourlyNano;
    expect(rate(3)).toBeLessThan(usd("10"));
    expect(rate(4)).toBe(usd("40"));
  });

  it("knows nights: it says the same at midnight as at noon, from three days of hours", () => {
    const daily = (at: number) => (new Date(at).getUTCHours() >= 8 && new Date(at).getUTCHours() < 20 ? 8 : 0.5);
    const hours = hoursBack(72, (_, at) => daily(at));
    const flat = forecast(hours.slice(-24));
    const shaped = forecast(hours);
    const noon = forecastExhaustion({
      ...{ spentNano: usd("500"), capNano: usd("900"), now: NOW - 12 * HOUR_MS, windowEndsAt: MONTH_END },
      hours: hours.slice(0, -12),
    });
    expect([flat.basis, shaped.basis]).toEqual(["flat", "day"]);
    expect(noon.outcome === "forecast" && noon.hourlyNano).toBe(shaped.hourlyNano);
    // By day the mean of the last six hours would promise half of the time.
    expect(shaped.hoursLeft).toBeGreaterThan(90);
  });

  it("knows weekends once it has two weeks", () => {
    const weekly = (_: number, at: number) => ([0, 6].includes(new Date(at).getUTCDay()) ? 1 : 5);
    const { basis, projectedNano } = forecast(hoursBack(14 * 24, weekly));
    const weekend = [21, 22, 28, 29].length * 24;
    const truth = 500 + weekend + (LEFT_HOURS - weekend) * 5;
    expect(basis).toBe("week");
    expect(Number(projectedNano) / 1e9).toBeCloseTo(truth, 0);
  });

  it("takes hours that are missing for hours without spending", () => {
    expect(forecast(hoursBack(24, () => 4).filter((_, index) => index % 2 === 0)).hourlyNano).toBe(usd("2"));
  });

  it("says unknown with fewer than three whole hours, and gives no signal", () => {
    const few = forecastExhaustion({ spentNano: 1n, capNano: 2n, hours: hoursBack(2, () => 1), now: NOW, windowEndsAt: MONTH_END });
    expect(few).toEqual({ outcome: "unknown", detail: "2 whole hours of spending are known, fewer than 3" });
    expect(exhaustionSignal(few, NOW)).toBeUndefined();
    expect(forecastExhaustion({ spentNano: 1n, capNano: 2n, hours: [], now: NOW, windowEndsAt: MONTH_END }).outcome).toBe("unknown");
  });

  it("of a cap that is spent is now, and of one that nothing is spent of is never", () => {
    expect(
      forecast(
        hoursBack(24, () => 4),
        { spentNano: usd("900") },
      ).hoursLeft,
    ).toBe(0);
    const idle = forecast(hoursBack(24, () => 0));
    expect([idle.hoursLeft, idle.projectedNano]).toEqual([undefined, usd("500")]);
    expect(exhaustionSignal(idle, NOW)).toMatchObject({ name: "exhaustion", value: LONGEST_HOURS, observedAt: NOW });
  });

  it("past the end of the window goes on at the rate, so that a signal can tell how much room there is", () => {
    const { hoursLeft } = forecast(hoursBack(24, () => 1));
    expect(hoursLeft).toBe(400);
  });
});

describe("over any spending", () => {
  const amounts = fc.array(fc.bigInt({ min: 0n, max: 10n ** 13n }), { minLength: 3, maxLength: 40 });
  const input = (costs: readonly bigint[], capNano: bigint): ExhaustionInput => ({
    ...{ spentNano: 10n ** 12n, capNano, now: NOW + 1234, windowEndsAt: MONTH_END },
    hours: costs.map((nano, index) => ({ at: NOW - (costs.length - index) * HOUR_MS, nano })),
  });
  const end = (of: ExhaustionInput) => {
    const answer = forecastExhaustion(of);
    return answer.outcome === "forecast" && answer.exhaustedAt !== undefined ? answer.exhaustedAt : Number.POSITIVE_INFINITY;
  };

  it("a higher cap never ends sooner, and more spending in any hour never lasts longer", () => {
    fc.assert(
      fc.property(
        amounts,
        fc.bigInt({ min: 1n, max: 10n ** 15n }),
        fc.bigInt({ min: 0n, max: 10n ** 14n }),
        fc.nat(),
        (costs, cap, more, at) => {
          const dearer = costs.map((nano, index) => (index === at % costs.length ? nano + more : nano));
          return end(input(costs, cap + more)) >= end(input(costs, cap)) && end(input(dearer, cap)) <= end(input(costs, cap));
        },
      ),
    );
  });

  it("the projection passes the cap exactly when the cap ends within the window", () => {
    fc.assert(
      fc.property(amounts, fc.bigInt({ min: 1n, max: 10n ** 15n }), (costs, capNano) => {
        const answer = forecastExhaustion(input(costs, capNano));
        if (answer.outcome === "unknown") return false;
        return answer.projectedNano >= capNano === (answer.exhaustedAt !== undefined && answer.exhaustedAt <= MONTH_END);
      }),
    );
  });
});
