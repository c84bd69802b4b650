import { expect, it } from "vitest";
import { centralPoint, evaluateScenario } from "./evaluate-scenario.ts";
import { decimalText, rational } from "./rational.ts";
import { planOf } from "./scenario-test-kit.ts";
import { trafficDocument } from "./traffic-document.ts";
import { tryWhatIf } from "./what-if.ts";

const ROWS = [
  { useCase: "ops", provider: "openai", model: "big", calls: 10, cached: 5, promptTokens: 7_001, genTokens: 333, costUsd: "0.123456789" },
  { useCase: "ops", provider: "openai", model: "small", calls: 20, cached: 0, promptTokens: 9_000, genTokens: 1_000, costUsd: "0.01" },
  { useCase: "", provider: "acme", model: "other", calls: 7, cached: 0, promptTokens: 0, genTokens: 0, costUsd: "0.7" },
  { useCase: "refused", provider: "acme", model: "other", calls: 0, cached: 0, promptTokens: 0, genTokens: 0, costUsd: "0" },
];
const priceOf = (_: string, model: string) => (model === "big" ? { inputUsdMtok: "2.5", outputUsdMtok: "10" } : undefined);

it("gives back what was booked when the measured time is played again, and the shares that were measured", () => {
  const plan = planOf(trafficDocument({ rows: ROWS, days: rational(30n) }, priceOf), priceOf);
  const costs = plan.scenarios.map((scenario) => {
    const cost = evaluateScenario(scenario, centralPoint(scenario));
    return [scenario.name, scenario.useCase, decimalText(cost.volume, 6, "nearest"), decimalText(cost.runRate, 9, "nearest")];
  });
  expect(costs).toEqual([
    ["ops", "ops", "35", "0.133456789"],
    ["(no use case)", undefined, "7", "0.7"],
  ]);
});

it("takes what a request cost beside its model as measured; a pool stays what it is when the volume doubles", () => {
  const told = { retrieval: "0.05", rerank: "0.3", vectorIo: "0.0000007", human: "0", orchestration: "14", isPooled: true };
  const source = { rows: ROWS, days: rational(7n), parts: new Map([["ops", told]]) };
  const [ops] = planOf(trafficDocument(source, priceOf), priceOf).scenarios;
  const at = (volume: bigint) => {
    const cost = evaluateScenario(ops, new Map(centralPoint(ops)).set("monthly_volume", rational(volume)));
    return decimalText(cost.runRate, 6, "nearest");
  };
  // 35 requests in seven days are 150 in thirty; the same seven days cost 14.4834575 USD in all, to some billionths.
  expect(at(150n)).toBe(decimalText(rational(30n * 144_834_574_89n, 7n * 1_000_000_000n), 6, "nearest"));
  const pool = 60;
  expect(Number(at(300n))).toBeCloseTo(2 * (Number(at(150n)) - pool) + pool, 5);
  const [perRequest] = planOf(
    trafficDocument({ ...source, parts: new Map([["ops", { ...told, isPooled: false }]]) }, priceOf),
    priceOf,
  ).scenarios;
  const doubled = evaluateScenario(perRequest, new Map(centralPoint(perRequest)).set("monthly_volume", rational(300n)));
  expect(Number(decimalText(doubled.runRate, 6, "nearest"))).toBeCloseTo(2 * Number(at(150n)), 5);
});

it("plans a month of thirty days from a week", () => {
  const [ops] = planOf(trafficDocument({ rows: ROWS, days: rational(7n) }, priceOf), priceOf).scenarios;
  expect(decimalText(centralPoint(ops).get("monthly_volume")!, 6, "up")).toBe("150");
  expect(decimalText(centralPoint(ops).get("cache_hit")!, 9, "nearest")).toBe("0.142857143");
});

it("lets requests be moved to a model that was not called, at its list price", () => {
  const candidate = { provider: "openai", model: "big" };
  const rows = ROWS.filter(({ model }) => model === "small");
  const [ops] = planOf(trafficDocument({ rows, days: rational(30n) }, priceOf, candidate), priceOf).scenarios;
  const change = { volume: undefined, move: { share: rational(1n), to: "openai/big (ops)" } };
  const moved = tryWhatIf(ops, change, "moved");
  if (typeof moved === "string") throw new Error(moved);
  const { runRate } = evaluateScenario(moved, centralPoint(moved));
  // 9,000 tokens at 2.5 and 1,000 at 10 USD per million.
  expect(decimalText(runRate, 9, "up")).toBe("0.0325");
  expect(decimalText(evaluateScenario(ops, centralPoint(ops)).runRate, 9, "nearest")).toBe("0.01");
});
