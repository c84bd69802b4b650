import { describe, expect, it } from "vitest";
import type { Budget } from "./budget.ts";
import { isMonthlyAt, withMonthlyLimit } from "./monthly-limit.ts";

const NEW = { thresholds: [50, 100], warnPercent: 80 };
const limit = { selector: { tenant: "a", model: "m" }, limitNano: 5n, zone: "Europe/Berlin" };

describe("a monthly limit", () => {
  it("makes a hard budget: of a model for all its calls, of a tenant for what no other budget of it covers", () => {
    const ofModel = withMonthlyLimit(undefined, "x", limit, NEW, 7);
    expect(ofModel).toMatchObject({ id: "x", ...limit, ...NEW, window: "month", hard: true, onShort: "deny", covers: "all", createdAt: 7 });
    expect(withMonthlyLimit(undefined, "x", { ...limit, selector: { tenant: "a" } }, NEW, 7).covers).toBe("rest");
  });

  it("leaves all else of a budget as it was, its zone too", () => {
    const before: Budget = {
      ...withMonthlyLimit(undefined, "x", limit, NEW, 7),
      zone: "UTC",
      onShort: "fit",
      hard: false,
      warnPercent: 90,
    };
    const after = withMonthlyLimit(before, "x", { ...limit, limitNano: 9n }, NEW, 8);
    expect(after).toEqual({ ...before, limitNano: 9n, hard: true, updatedAt: 8 });
  });

  it("belongs to the monthly budget of exactly its scope", () => {
    const budget = withMonthlyLimit(undefined, "x", limit, NEW, 7);
    expect(isMonthlyAt(budget, { model: "m", tenant: "a" })).toBe(true);
    expect(isMonthlyAt(budget, { tenant: "a" })).toBe(false);
    expect(isMonthlyAt({ ...budget, window: "day" }, limit.selector)).toBe(false);
  });
});
