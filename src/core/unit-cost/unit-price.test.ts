import { describe, expect, it } from "vitest";
import { pricePart, type UnitPrice, type UsedQuantity } from "./unit-price.ts";

const AT = Date.parse("2026-06-01");
const price = (more: Partial<UnitPrice>): UnitPrice => ({
  measure: "retrieval_queries",
  picoUsd: 1n,
  upToK: null,
  useCase: null,
  validFrom: 0,
  ...more,
});
const used = (more: Partial<UsedQuantity> = {}): UsedQuantity => ({
  measure: "retrieval_queries",
  quantity: 1_000_000n,
  depthK: 4,
  useCase: "",
  ...more,
});
const idOf = (prices: readonly UnitPrice[], what: Partial<UsedQuantity> = {}, at = AT) => {
  const cost = pricePart(prices, used(what), at);
  return cost.outcome === "priced" ? cost.priceId : cost.reason;
};

describe("the price of a part", () => {
  it("is exact in atto: quantity times price", () => {
    const cost = pricePart([price({ picoUsd: 123_456_789n })], used({ quantity: 1_500_001n }), AT);
    expect(cost).toMatchObject({ outcome: "priced", atto: 123_456_789n * 1_500_001n });
  });

  it("is that of the nearest k that is not below, then that for any k", () => {
    const prices = [price({ upToK: 10 }), price({ upToK: 5 }), price({ upToK: 3 })];
    expect([3, 4, 5, 6, 10].map((depthK) => idOf(prices, { depthK }))).toEqual(
      [3, 5, 5, 10, 10].map((k) => `unit/retrieval_queries@k${k}@start`),
    );
    expect([idOf(prices, { depthK: 11 }), idOf(prices, { depthK: null })]).toEqual(["no_price_at_k", "depth_k_missing"]);
    const any = [...prices, price({})];
    expect([idOf(any, { depthK: 11 }), idOf(any, { depthK: null })]).toEqual([
      "unit/retrieval_queries@start",
      "unit/retrieval_queries@start",
    ]);
  });

  it("is the latest that holds, and the use case's own before that of all", () => {
    const later = Date.parse("2026-03-01");
    const prices = [price({ validFrom: later }), price({}), price({ useCase: "legal" })];
    expect(idOf(prices)).toBe("unit/retrieval_queries@2026-03-01T00:00:00.000Z");
    expect(idOf(prices, {}, later - 1)).toBe("unit/retrieval_queries@start");
    expect(idOf(prices, { useCase: "legal" })).toBe("unit/retrieval_queries/legal@start");
    expect(idOf([price({ validFrom: AT + 1 })])).toBe("no_price");
  });

  it("is unknown, not zero, without a price of the measure", () => {
    expect(idOf([price({ measure: "hitl_minutes" })])).toBe("no_price");
    expect(idOf([])).toBe("no_price");
  });
});
