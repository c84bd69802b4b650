import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Account, availableNano } from "./budget.ts";
import { crossedThresholds } from "./crossed-thresholds.ts";
import { leaseSize } from "./lease-size.ts";
import { type Posting, post } from "./posting.ts";

function anAccount(more: Partial<Account> = {}): Account {
  const balances = { spentNano: 0n, creditedNano: 0n, inDoubtNano: 0n, leasedNano: 0n, overrunNano: 0n, inputTokens: 0n, outputTokens: 0n };
  return { id: "b@w", budgetId: "b", window: { start: 0, end: 1 }, hard: true, limitNano: 1000n, ...balances, ...more };
}

function aPosting(kind: Posting["kind"], amountNano: bigint, heldNano = 0n): Posting {
  return { kind, amountNano, heldNano, inputTokens: 1, outputTokens: 2 };
}

describe("post", () => {
  it("takes a settled cost out of the lease and leaves the rest of the hold in it", () => {
    const account = post(anAccount({ leasedNano: 100n }), aPosting("settle", 30n, 80n));
    expect(account).toMatchObject({ spentNano: 30n, leasedNano: 70n, inputTokens: 1n, outputTokens: 2n, overrunNano: 0n });
  });

  it("books a cost above its hold in full and remembers an overrun only when it passes the limit", () => {
    const roomy = post(anAccount({ leasedNano: 10n }), aPosting("settle", 30n, 10n));
    expect(roomy).toMatchObject({ spentNano: 30n, leasedNano: 0n, overrunNano: 0n });
    const full = post(anAccount({ leasedNano: 10n, spentNano: 990n }), aPosting("settle", 30n, 10n));
    expect(full).toMatchObject({ spentNano: 1020n, overrunNano: 20n });
  });

  it("refuses a lease beyond the limit of a hard account and gives it on a soft one", () => {
    expect(() => post(anAccount({ spentNano: 990n }), aPosting("lease", 11n))).toThrow(/beyond the limit/);
    expect(post(anAccount({ spentNano: 990n, hard: false }), aPosting("lease", 11n)).leasedNano).toBe(11n);
  });

  it("moves a hold in doubt out of the lease, and its resolution out of doubt", () => {
    const doubted = post(anAccount({ leasedNano: 50n }), aPosting("doubt", 0n, 40n));
    expect(doubted).toMatchObject({ inDoubtNano: 40n, leasedNano: 10n, spentNano: 0n });
    expect(post(doubted, aPosting("resolve", 5n, 40n))).toMatchObject({ inDoubtNano: 0n, spentNano: 5n, leasedNano: 10n });
  });

  it("takes a credit and its tokens off what was counted, and no more than was counted", () => {
    const spent = anAccount({ spentNano: 50n, inputTokens: 1n, outputTokens: 5n });
    expect(post(spent, aPosting("credit", 20n))).toMatchObject({ spentNano: 30n, creditedNano: 20n, inputTokens: 0n, outputTokens: 3n });
    expect(() => post(spent, aPosting("credit", 51n))).toThrow(/more credited than was spent/);
    expect(() => post({ ...spent, outputTokens: 1n }, aPosting("credit", 20n))).toThrow(/more tokens credited/);
  });

  it("never passes the limit by leases, settlements within holds and doubts, over any history", () => {
    const step = fc.record({ kind: fc.constantFrom("lease", "give_back", "settle", "doubt", "resolve"), share: fc.bigInt(0n, 100n) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        let account = anAccount({ limitNano: 1_000_000_007n });
        for (const { kind, share } of steps) {
          const part = (whole: bigint) => (whole * share) / 100n;
          if (kind === "lease")
            account = post(account, aPosting("lease", leaseSize(part(availableNano(account)), availableNano(account)) ?? 0n));
          else if (kind === "give_back") account = post(account, aPosting("give_back", part(account.leasedNano)));
          else if (kind === "settle") account = post(account, aPosting("settle", part(part(account.leasedNano)), part(account.leasedNano)));
          else if (kind === "doubt") account = post(account, aPosting("doubt", 0n, part(account.leasedNano)));
          else account = post(account, aPosting("resolve", part(part(account.inDoubtNano)), part(account.inDoubtNano)));
          expect(availableNano(account) >= 0n && account.overrunNano === 0n).toBe(true);
        }
      }),
    );
  });
});

describe("leaseSize", () => {
  it("is exactly what is missing near the limit, never less, and undefined beyond it", () => {
    expect(leaseSize(90n, 100n)).toBe(90n);
    expect(leaseSize(100n, 100n)).toBe(100n);
    expect(leaseSize(101n, 100n)).toBeUndefined();
    expect(leaseSize(1n, 1_000_000n)).toBe(256n);
  });
});

describe("crossedThresholds", () => {
  it("tells each threshold once, in the move that reaches it", () => {
    const thresholds = [50, 80, 100];
    expect(crossedThresholds({ before: 0n, after: 49n, limit: 100n, thresholds })).toEqual([]);
    expect(crossedThresholds({ before: 49n, after: 80n, limit: 100n, thresholds })).toEqual([50, 80]);
    expect(crossedThresholds({ before: 80n, after: 99n, limit: 100n, thresholds })).toEqual([]);
    expect(crossedThresholds({ before: 99n, after: 130n, limit: 100n, thresholds })).toEqual([100]);
  });
});
