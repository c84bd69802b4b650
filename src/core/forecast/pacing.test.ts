import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FRESH_PACING, isPaced } from "../levers/paced-calls.ts";
import { usd } from "../money/usd.ts";
import { type PacingFacts, pacedShare, paceOfPriorities } from "./pacing.ts";

const NOW = Date.parse("2026-11-21T00:00:00Z");
const TEN_HOURS: PacingFacts = {
  ...{ observedAt: NOW, windowEndsAt: NOW + 36_000_000 },
  neededNano: { p0: usd("40"), p1: usd("30"), p2: usd("60") },
};
const left = (amount: string) => ({ spentNano: usd("1000") - usd(amount), capNano: usd("1000") });
const percents = (amount: string) => Object.values(paceOfPriorities(TEN_HOURS, left(amount), NOW)).map(({ percent }) => percent);

describe("pacing", () => {
  it("holds back p2 first, then p1, and never p0", () => {
    expect(percents("130")).toEqual([100, 100, 100]);
    expect(percents("100")).toEqual([100, 100, 50]);
    expect(percents("70")).toEqual([100, 100, 0]);
    expect(percents("55")).toEqual([100, 50, 0]);
    expect(percents("40")).toEqual([100, 0, 0]);
    expect(percents("5")).toEqual([100, 0, 0]);
  });

  it("says what each may spend an hour", () => {
    expect(paceOfPriorities(TEN_HOURS, left("100"), NOW).p2.hourlyNano).toBe(usd("3"));
  });

  it("lets through no more than is left, however much is needed, once p0 is served", () => {
    const amount = fc.bigInt({ min: 0n, max: 10n ** 15n });
    fc.assert(
      fc.property(amount, amount, amount, amount, (p0, p1, p2, room) => {
        const facts = { ...TEN_HOURS, neededNano: { p0, p1, p2 } };
        const pace = paceOfPriorities(facts, { spentNano: 0n, capNano: room }, NOW);
        const more = (p1 * BigInt(pace.p1.percent) + p2 * BigInt(pace.p2.percent)) / 100n;
        return (
          pace.p0.percent === 100 &&
          (p0 + more <= room || (p0 > room ? more === 0n : false)) &&
          (pace.p2.percent === 0 || p1 === 0n || pace.p1.percent === 100)
        );
      }),
    );
  });

  it("moves in quarters, tightens at once, and loosens only with room beyond", () => {
    expect([pacedShare(74, 100), pacedShare(50, 100), pacedShare(3, 75)]).toEqual([50, 50, 0]);
    expect([pacedShare(76, 50), pacedShare(84, 50), pacedShare(85, 50), pacedShare(100, 50)]).toEqual([50, 50, 75, 100]);
  });
});

describe("a paced call", () => {
  it("is let through in exactly its share, to within one, in any row of calls", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 99 }), fc.integer({ min: 1, max: 2000 }), (share, calls) => {
        let accounts = FRESH_PACING;
        let admitted = 0;
        for (let call = 0; call < calls; call++) {
          const answer = isPaced("p2", { pace_p2: share }, accounts);
          accounts = answer.accounts;
          if (!answer.isPaced) admitted += 1;
        }
        return Math.abs(admitted - (calls * share) / 100) <= 1;
      }),
    );
  });

  it("is never one of p0, nor one whose lever is off, nor one of the other priority", () => {
    const none = { pace_p1: 0, pace_p2: 0 };
    expect(isPaced("p0", none, FRESH_PACING)).toEqual({ isPaced: false, accounts: FRESH_PACING });
    expect(isPaced("p1", { pace_p2: 0 }, FRESH_PACING).isPaced).toBe(false);
    expect([isPaced("p1", none, FRESH_PACING).isPaced, isPaced("p2", none, FRESH_PACING).isPaced]).toEqual([true, true]);
  });
});
