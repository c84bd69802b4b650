import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LimitPreview, type PastCall } from "./limit-preview.ts";

const MONTH = { limitNano: 100n, window: "month", zone: "UTC", hard: true, thresholds: [50, 80, 100] } as const;
const NOVEMBER = Date.parse("2026-11-01T00:00:00Z");
const DECEMBER = Date.parse("2026-12-01T00:00:00Z");
const call = (at: number, costNano: bigint, more: Partial<PastCall> = {}): PastCall => {
  return { at, tenant: "acme", heldNano: costNano, costNano, reported: false, ...more };
};

function preview(limit: ConstructorParameters<typeof LimitPreview>[0], calls: readonly PastCall[]): LimitPreview {
  const taken = new LimitPreview(limit);
  for (const each of calls) taken.take(each);
  return taken;
}

describe("a limit on calls of the past", () => {
  it("refuses what its hold would not have fitted, per tenant, with the first instant and what it did cost", () => {
    const calls = [
      call(NOVEMBER + 1, 60n),
      call(NOVEMBER + 2, 30n, { tenant: "globex" }),
      call(NOVEMBER + 3, 5n, { heldNano: 11n }),
      call(NOVEMBER + 4, 10n),
    ];
    expect(preview(MONTH, calls).tenants()).toEqual([
      { tenant: "acme", calls: 3, costNano: 75n, refusedCalls: 1, refusedNano: 5n, firstRefusedAt: NOVEMBER + 3 },
      { tenant: "globex", calls: 1, costNano: 30n, refusedCalls: 0, refusedNano: 0n, firstRefusedAt: undefined },
    ]);
  });

  it("tells each threshold once a window, with its time, and begins anew with the next", () => {
    const calls = [call(NOVEMBER, 50n), call(NOVEMBER + 1, 40n), call(DECEMBER, 60n)];
    expect(preview(MONTH, calls).crossings()).toEqual([
      { percent: 50, at: NOVEMBER, windowStart: NOVEMBER },
      { percent: 80, at: NOVEMBER + 1, windowStart: NOVEMBER },
      { percent: 50, at: DECEMBER, windowStart: DECEMBER },
    ]);
  });

  it("of a soft budget tells and refuses nothing, and usage that was reported afterwards is never refused", () => {
    expect(preview({ ...MONTH, hard: false }, [call(NOVEMBER, 500n)]).tenants()[0]!.refusedCalls).toBe(0);
    const reported = preview(MONTH, [call(NOVEMBER, 500n, { reported: true, heldNano: 0n }), call(NOVEMBER + 1, 1n)]);
    expect(reported.tenants()[0]).toMatchObject({ calls: 2, refusedCalls: 1, firstRefusedAt: NOVEMBER + 1 });
    expect(reported.crossings().map(({ percent }) => percent)).toEqual([50, 80, 100]);
  });

  const histories = fc.array(
    fc.record({ gap: fc.nat(5 * 86_400_000), cost: fc.bigInt(0n, 60n), more: fc.bigInt(0n, 60n), tenant: fc.constantFrom("a", "b") }),
  );
  const callsOf = (history: { gap: number; cost: bigint; more: bigint; tenant: string }[]) => {
    let at = NOVEMBER;
    return history.map(({ gap, cost, more, tenant }) => {
      at += gap;
      return call(at, cost, { heldNano: cost + more, tenant });
    });
  };

  it("lets through no more than the limit in any window, and loses no call, after any history", () => {
    fc.assert(
      fc.property(histories, (history) => {
        const calls = callsOf(history);
        const tenants = preview({ ...MONTH, window: "run" }, calls).tenants();
        const sum = (of: (tenant: (typeof tenants)[number]) => bigint) => tenants.reduce((total, tenant) => total + of(tenant), 0n);
        expect(sum(({ costNano, refusedNano }) => costNano - refusedNano) <= MONTH.limitNano).toBe(true);
        expect(sum(({ calls: count }) => BigInt(count))).toBe(BigInt(calls.length));
        expect(sum(({ costNano }) => costNano)).toBe(calls.reduce((total, { costNano }) => total + costNano, 0n));
      }),
    );
  });

  it("refuses nothing where the limit carries everything", () => {
    fc.assert(
      fc.property(histories, (history) => {
        const calls = callsOf(history);
        const limitNano = calls.reduce((total, { heldNano }) => total + heldNano, 0n);
        expect(
          preview({ ...MONTH, limitNano }, calls)
            .tenants()
            .every(({ refusedCalls }) => refusedCalls === 0),
        ).toBe(true);
      }),
    );
  });
});
