import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ATTO_PER_NANO, usd } from "../money/usd.ts";
import { type CostPool, poolMonths, sharesOf } from "./cost-pool.ts";

const OCTOBER = Date.UTC(2025, 9);
const NOVEMBER = Date.UTC(2025, 10);
const DECEMBER = Date.UTC(2025, 11);
const pool = (more: Partial<CostPool> = {}): CostPool => ({
  name: "hosting",
  perMonthNano: usd("30"),
  driver: "calls",
  scope: {},
  from: 0,
  to: null,
  ...more,
});
const told = (pools: readonly CostPool[], start: number, end: number, now: number) =>
  poolMonths(pools, { start, end }, now).map(({ month, accruedAtto }) => [
    new Date(month.start).toISOString().slice(0, 7),
    accruedAtto / ATTO_PER_NANO,
  ]);

describe("the pools of a period", () => {
  it("are whole for months that are over, and as much as has gone by of the present one", () => {
    expect(told([pool()], OCTOBER + 5, DECEMBER, NOVEMBER + 86_400_000)).toEqual([
      ["2025-10", usd("30")],
      ["2025-11", usd("1")],
    ]);
    expect(told([pool()], NOVEMBER, DECEMBER, OCTOBER)).toEqual([]);
  });

  it("follow the entry of their name that begins last, and end with their last month", () => {
    const pools = [pool({ to: DECEMBER }), pool({ from: NOVEMBER, perMonthNano: usd("60"), to: DECEMBER })];
    expect(told(pools, OCTOBER, DECEMBER + 1, Date.UTC(2026, 5))).toEqual([
      ["2025-10", usd("30")],
      ["2025-11", usd("60")],
    ]);
  });
});

describe("shares", () => {
  it("add up to the amount, each within a unit of its fair part, but for the first", () => {
    const weights = fc.array(fc.bigInt(0n, 10n ** 15n), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 30n), weights, (amount, parts) => {
        const shares = sharesOf(amount, parts);
        const whole = parts.reduce((sum, part) => sum + part, 0n);
        if (whole === 0n) return expect(shares).toBeUndefined();
        expect(shares!.reduce((sum, share) => sum + share, 0n)).toBe(amount);
        for (const [index, share] of shares!.entries()) {
          const fair = amount * parts[index]!;
          if (index > 0) expect(share * whole <= fair && fair - share * whole < whole).toBe(true);
          else expect(share * whole - fair < whole * BigInt(parts.length)).toBe(true);
        }
      }),
    );
  });
});
