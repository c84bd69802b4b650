import { describe, expect, it } from "vitest";
import type { Budget } from "../core/ledger/budget.ts";
import { usd } from "../core/money/usd.ts";
import { hardLimitReached, isAboveWarning, percentUsed, standingStatus, tightest, untouchedStanding } from "./budget-standing.ts";

function standing(limit: string, spent: string, more: { held?: string; inDoubt?: string; hard?: boolean } = {}) {
  const { held = "0", inDoubt = "0", hard = true } = more;
  const selector = { tenant: "acme" };
  const shape = { window: "month", zone: "UTC", onShort: "deny", covers: "all", origin: "api" } as const;
  const budget: Budget = {
    id: "b",
    selector,
    ...shape,
    limitNano: usd(limit),
    hard,
    thresholds: [],
    warnPercent: 80,
    createdAt: 0,
    updatedAt: 0,
  };
  const { account } = untouchedStanding(budget, 0);
  const amounts = { spentNano: usd(spent), heldNano: usd(held), inDoubtNano: usd(inDoubt) };
  const freeNano = usd(limit) - amounts.spentNano - amounts.heldNano - amounts.inDoubtNano;
  return { budget, account: { ...account, ...amounts, freeNano } };
}

describe("percentUsed", () => {
  it.each([
    ["3250.45", "5000", 65.01],
    ["1", "3", 33.33],
    ["2", "3", 66.67],
    ["0.00005", "1", 0.01],
    ["0.000049999", "1", 0],
    ["0", "10", 0],
    ["30", "10", 300],
    ["0", "0", 100],
  ])("%s of %s is %s", (spent, limit, percent) => {
    expect(percentUsed(usd(spent), usd(limit))).toBe(percent);
  });
});

describe("how a budget stands", () => {
  it("warns strictly above its share, with held money counted", () => {
    expect(isAboveWarning(standing("10", "8"))).toBe(false);
    expect(isAboveWarning(standing("10", "8.000000001"))).toBe(true);
    expect(isAboveWarning(standing("10", "8", { held: "0.1" }))).toBe(true);
    expect(isAboveWarning(standing("10", "8", { inDoubt: "0.1" }))).toBe(true);
  });

  it("is exceeded, and a hard limit reached, once nothing is left for good", () => {
    expect(standingStatus(standing("10", "9.999999999"))).toBe("warning");
    expect(standingStatus(standing("10", "10"))).toBe("exceeded");
    expect(hardLimitReached(standing("10", "9", { inDoubt: "1" }))).toBe(true);
    expect(hardLimitReached(standing("10", "9", { held: "1" }))).toBe(false);
    expect(hardLimitReached(standing("10", "11", { hard: false }))).toBe(false);
    expect(hardLimitReached(standing("0", "0"))).toBe(true);
  });

  it("is tightest where the least is left, soft ones only among themselves", () => {
    const [wide, narrow, soft] = [standing("100", "0"), standing("5", "1"), standing("1", "1", { hard: false })];
    expect(tightest([wide, narrow, soft])).toBe(narrow);
    expect(tightest([soft])).toBe(soft);
    expect(tightest([])).toBeUndefined();
  });
});
