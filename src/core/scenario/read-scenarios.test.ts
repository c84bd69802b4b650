import { describe, expect, it } from "vitest";
import { readScenarios } from "./read-scenarios.ts";
import { BASE, INPUTS, MODELS, noPrices, planOf } from "./scenario-test-kit.ts";

const findingsOf = (document: unknown) => {
  const reading = readScenarios(document, noPrices);
  return reading.outcome === "wrong" ? reading.findings.map(({ path, message }) => `${path.join(".")}: ${message}`) : [];
};
const withCase = (changes: object, more: object = {}) => ({
  models: MODELS,
  inputs: INPUTS,
  scenarios: [{ ...BASE, ...changes }],
  ...more,
});

describe("a scenario document", () => {
  it.each([
    ["nothing", undefined, ": expected fields, found nothing"],
    ["no scenario", { scenarios: [] }, "scenarios: at least one scenario is needed"],
    ["an unknown field", withCase({ cache_hits: 1 }), "scenarios.0.cache_hits: there is no cache_hits here; there are name"],
    ["shares that are not all", withCase({ mix: { small: "50%", large: "40%" } }), "scenarios.0.mix: the shares must add up to 100%"],
    ["a model that is not described", withCase({ mix: { tiny: 1 } }), "scenarios.0.mix.tiny: models has no tiny"],
    ["no mix", withCase({ mix: undefined }), "scenarios.0.mix: mix is missing"],
    ["no volume", withCase({ monthly_volume: undefined }), "scenarios.0.monthly_volume: monthly_volume is missing"],
    ["a volume of nothing", withCase({ monthly_volume: 0 }), "scenarios.0.monthly_volume: expected a volume above 0"],
    [
      "a share above all",
      withCase({ cache_hit: "120%" }),
      'scenarios.0.cache_hit: expected a share from 0 to 1, such as 0.6 or 60%, found "120%"',
    ],
    ["a price below nothing", withCase({ rerank_usd: -1 }), "scenarios.0.rerank_usd: expected an amount of USD from 0 up"],
    ["a number without end", withCase({ monthly_volume: "1e900" }), "scenarios.0.monthly_volume: expected a number from 0 up"],
    ["a range upside down", withCase({ cache_hit: { low: 0.7, high: 0.5 } }), "scenarios.0.cache_hit: low is above high"],
    ["a range with a hole", withCase({ cache_hit: { low: 0.7 } }), "scenarios.0.cache_hit: a range needs low and high"],
    [
      "a likely value outside",
      withCase({ cache_hit: { low: 0.2, likely: 0.9, high: 0.5 } }),
      "scenarios.0.cache_hit.likely: is not between",
    ],
    ["a name twice", { models: MODELS, inputs: INPUTS, scenarios: [BASE, BASE] }, "scenarios.1.name: another scenario is called Base"],
    [
      "break-even with a stranger",
      withCase({}, { break_even: [{ between: ["Base", "Other"] }] }),
      "break_even.0.between: expected the names of two",
    ],
    [
      "break-even over the weather",
      withCase({}, { break_even: [{ between: ["Base", "Base"], over: "rain" }] }),
      "break_even.0.over: expected one of",
    ],
    [
      "more draws than there is time for",
      withCase({}, { monte_carlo: { draws: 10 ** 9 } }),
      "monte_carlo.draws: expected a whole number from 100 to 20000",
    ],
    [
      "a model without a price",
      withCase({}, { models: { ...MODELS, large: {} } }),
      "models.large: expected input_usd_mtok and output_usd_mtok",
    ],
    [
      "a model that has no listed price",
      withCase({}, { models: { ...MODELS, large: { provider: "acme" } } }),
      "models.large: the price book has no price of acme large",
    ],
  ])("is refused with its place for %s", (_, document, finding) => {
    expect(findingsOf(document).filter((one) => one.startsWith(finding))).toHaveLength(1);
  });

  it("takes prices of the price book by provider and model, in the tier of its input tokens", () => {
    const asked: unknown[] = [];
    const document = {
      models: { big: { provider: "openai", model: "gpt-4o", prompt_tokens: "1500.2" } },
      scenarios: [{ name: "x", monthly_volume: 1, mix: { big: 1 } }],
    };
    const plan = planOf(document, (...question) => {
      asked.push(question);
      return { inputUsdMtok: "2.5", outputUsdMtok: "10" };
    });
    expect(asked).toEqual([["openai", "gpt-4o", 1501]]);
    expect(plan.scenarios[0].figures.get("models.big.input_usd_mtok")!.likely).toEqual({ top: 5n, bottom: 2n });
  });

  it("tells everything that is wrong at once", () => {
    expect(findingsOf(withCase({ cache_hit: "x", depth_k: "y", growth: -2 }))).toHaveLength(3);
  });
});
