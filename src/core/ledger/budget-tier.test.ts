import { describe, expect, it } from "vitest";
import type { Budget } from "./budget.ts";
import { type AppliedTier, retier, sameTier } from "./budget-tier.ts";

const STARTER: AppliedTier = { name: "starter", settings: { limitNano: 5n, hard: true, thresholds: [50, 100] } };
const aBudget = (more: Partial<Budget>) =>
  ({ id: "b", limitNano: 5n, hard: true, thresholds: [50, 100], warnPercent: 80, tier: STARTER, ...more }) as Budget;

describe("retier", () => {
  it("changes what the budget has from its tier, and nothing of its own", () => {
    const tier = { name: "starter", settings: { limitNano: 7n, hard: false, thresholds: [60], warnPercent: 70 } };
    expect(retier(aBudget({}), tier)).toMatchObject({ limitNano: 7n, hard: false, thresholds: [60], warnPercent: 80, tier });
    expect(retier(aBudget({ limitNano: 6n, thresholds: [50] }), tier)).toMatchObject({ limitNano: 6n, hard: false, thresholds: [50] });
  });

  it("leaves what the tier no longer says", () => {
    expect(retier(aBudget({}), { name: "starter", settings: { limitNano: 7n } })).toMatchObject({ limitNano: 7n, hard: true });
  });

  it("gives what its way for calls that do not fit needs, unless the budget has its own", () => {
    const denies = { name: "starter", settings: { limitNano: 5n, onShort: "deny" } } as const;
    const falls = { name: "starter", settings: { limitNano: 5n, onShort: "fallback_model", fallbackModel: "small" } } as const;
    const bare = aBudget({ onShort: "deny", tier: denies });
    expect(retier(bare, falls)).toMatchObject({ onShort: "fallback_model", fallbackModel: "small" });
    expect(retier({ ...bare, fallbackModel: "own" }, falls)).toMatchObject({ onShort: "fallback_model", fallbackModel: "own" });
    expect(retier({ ...bare, onShort: "fit" }, falls).onShort).toBe("fit");
    const other = { name: "starter", settings: { ...falls.settings, fallbackModel: "tiny" } };
    expect(retier(aBudget({ ...falls.settings, tier: falls }), other).fallbackModel).toBe("tiny");
  });

  it("tells tiers apart by name and by what they say", () => {
    expect(sameTier(STARTER, { ...STARTER, settings: { ...STARTER.settings, thresholds: [50, 100] } })).toBe(true);
    expect(sameTier(STARTER, { ...STARTER, settings: { ...STARTER.settings, thresholds: [50] } })).toBe(false);
    expect(sameTier(STARTER, undefined)).toBe(false);
    expect(sameTier(undefined, undefined)).toBe(true);
  });
});
