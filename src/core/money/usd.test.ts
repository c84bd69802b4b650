import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ATTO_PER_NANO, bookedNano, formatDecimal, formatUsd, formatUsdShort, parseDecimal, usd } from "./usd.ts";

describe("parseDecimal", () => {
  it.each([
    ["0.075", 9, 75_000_000n],
    ["1.5e-7", 9, 150n],
    ["1e3", 2, 100_000n],
    ["-3", 0, -3n],
    ["0.0000000001", 9, undefined],
    ["NaN", 9, undefined],
    ["Infinity", 9, undefined],
    ["", 9, undefined],
    ["1,5", 9, undefined],
    ["0x10", 9, undefined],
    ["1e99999", 9, undefined],
  ] as const)("reads %s at scale %i as %s", (text, scale, value) => {
    expect(parseDecimal(text, scale)).toBe(value);
  });

  it("rounds up and down away from and towards zero only when told to", () => {
    expect([parseDecimal("0.15", 1, "up"), parseDecimal("0.15", 1, "down"), parseDecimal("0.15", 1)]).toEqual([2n, 1n, undefined]);
    expect([parseDecimal("-0.15", 1, "up"), parseDecimal("-0.15", 1, "down")]).toEqual([-1n, -2n]);
  });

  it("gives back what formatDecimal wrote, for any amount and scale", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.integer({ min: 0, max: 18 }), (value, scale) => {
        expect(parseDecimal(formatDecimal(value, scale), scale)).toBe(value);
      }),
    );
  });

  it("reads the shortest text of any float exactly as it is written", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1000, noNaN: true }), (number) => {
        const read = parseDecimal(String(number), 400);
        expect(read).toBeDefined();
        expect(Number(formatDecimal(read!, 400))).toBe(number);
      }),
    );
  });
});

describe("amounts", () => {
  it("are written for machines in full and for people in short", () => {
    expect([formatUsd(usd("12.5")), formatUsd(150n), formatUsd(0n)]).toEqual(["12.5", "0.00000015", "0"]);
    expect([
      formatUsdShort(usd("1234.567")),
      formatUsdShort(usd("0.0012345")),
      formatUsdShort(150n),
      formatUsdShort(0n),
      formatUsdShort(-usd("2")),
    ]).toEqual(["$1234.57", "$0.00123", "$0.000000150", "$0.00", "-$2.00"]);
  });

  it("are booked rounded up to a nano-dollar, by less than one", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 30n }), (atto) => {
        const booked = bookedNano(atto) * ATTO_PER_NANO;
        expect(booked >= atto && booked - atto < ATTO_PER_NANO).toBe(true);
      }),
    );
  });
});
