import { expect, it } from "vitest";
import { unitCostConflicts } from "./check-unit-costs.ts";

type Parts = Parameters<typeof unitCostConflicts>[0];
const numbered = <Entry>(entries: readonly Entry[]) => entries.map((entry, index) => ({ index, entry }));
const price = { measure: "vector_reads", usd: "0.1" } as const;
const pool = { name: "hosting", usd_per_month: "10", driver: "calls", scope: {} } as const;

function conflictsIn(parts: { [Part in keyof Parts]?: readonly Parts[Part][number]["entry"][] }) {
  const { prices = [], pools = [], revenue = [], baselines = [] } = parts;
  const all = { prices: numbered(prices), pools: numbered(pools), revenue: numbered(revenue), baselines: numbered(baselines) };
  return unitCostConflicts(all).map(({ setting }) => setting);
}

it("tells entries about the same, of which only one could count", () => {
  const prices = [price, { ...price, usd: "0.2" }, { ...price, use_case: "desk" }, { ...price, valid_from: "2026-01-01" }];
  expect(conflictsIn({ prices: [...prices, { ...price, valid_from: "2026-01-01T00:00:00Z" }] })).toEqual([
    "unit_costs.prices[1]",
    "unit_costs.prices[4]",
  ]);
  expect(conflictsIn({ pools: [pool, { ...pool, from: "2026-02" }, { ...pool, usd_per_month: "11" }] })).toEqual(["unit_costs.pools[2]"]);
  const baselines = [
    { use_case: "a", usd: "1" },
    { use_case: "b", usd: "1" },
    { use_case: "a", usd: "2" },
  ];
  expect(conflictsIn({ baselines })).toEqual(["unit_costs.baselines[2]"]);
});

it("tells months and periods that end before they begin, and amounts of which one is needed", () => {
  expect(conflictsIn({ pools: [{ ...pool, from: "2026-03", to: "2026-02" }] })).toEqual(["unit_costs.pools[0].to"]);
  const scope = {};
  const both = { name: "r", usd_per_month: "1", usd_per_request: "1", scope };
  expect(conflictsIn({ revenue: [{ name: "r", scope }, both, { name: "r", usd_per_request: "1", scope }] })).toEqual([
    "unit_costs.revenue[0]",
    "unit_costs.revenue[1]",
  ]);
  const from = "2026-02-01";
  const baselines = [{ use_case: "a" }, { use_case: "b", from, to: "2026-01-01" }, { use_case: "c", from, to: "2026-03-01" }];
  expect(conflictsIn({ baselines })).toEqual(["unit_costs.baselines[0]", "unit_costs.baselines[1].to"]);
});
