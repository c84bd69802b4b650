import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { diffCatalogues } from "./diff-catalogues.ts";
import { parseCatalogue } from "./price-catalogue.ts";

const fixture = (year: number): unknown =>
  JSON.parse(readFileSync(new URL(`../../../test/fixtures/prices/litellm-${year}-07-05-excerpt.json`, import.meta.url), "utf8"));
const catalogue = (json: unknown, at = 0) => parseCatalogue(json, at, "test");
const litellm = (models: Record<string, object>) =>
  catalogue(Object.fromEntries(Object.entries(models).map(([name, model]) => [name, { litellm_provider: "acme", ...model }])));

describe("the difference of two catalogues", () => {
  it("of LiteLLM a year apart lists what was added, removed, renamed and repriced", () => {
    const { added, removed, renamed, repriced } = diffCatalogues(catalogue(fixture(2025)), catalogue(fixture(2026)));
    expect(added).toEqual(["azure/gpt-5.1", "claude-opus-4-5-20251101", "deepseek/deepseek-chat", "gpt-5", "whisper-1"]);
    expect(removed).toEqual(["o1-mini"]);
    expect(renamed).toEqual([{ from: "vertex_ai/imagen-4.0-generate-preview-06-06", to: "vertex_ai/imagen-4.0-generate-001" }]);
    const line = (model: string, component: string) => repriced.find((one) => one.model === model && one.component === component);
    expect(line("gpt-3.5-turbo", "input_cost_per_token")).toEqual({
      model: "gpt-3.5-turbo",
      provider: "openai",
      component: "input_cost_per_token",
      per: "million tokens",
      old_usd: "1.5",
      new_usd: "0.5",
      percent: "-66.67",
    });
    expect(line("amazon.titan-embed-text-v2:0", "input_cost_per_token")).toMatchObject({ old_usd: "0.2", new_usd: "0.02", percent: "-90" });
    expect(line("gpt-4o", "input_cost_per_token_priority")).toMatchObject({ old_usd: null, new_usd: "4.25", percent: null });
    expect(line("gpt-4o", "input_cost_per_token")).toBeUndefined();
  });

  it("of a catalogue with itself is nothing", () => {
    expect(diffCatalogues(catalogue(fixture(2026)), catalogue(fixture(2026)))).toEqual({
      added: [],
      removed: [],
      renamed: [],
      repriced: [],
    });
  });

  it("takes no noise of floating point for a new price, and keeps a missing price apart from one of zero", () => {
    const before = litellm({ a: { input_cost_per_token: 3e-6, output_cost_per_token: 0 } });
    const after = litellm({
      a: { input_cost_per_token: 2.9999999999999997e-6, output_cost_per_token: 1e-6, cache_read_input_token_cost: 0 },
    });
    expect(
      diffCatalogues(before, after).repriced.map(({ component, old_usd, new_usd, percent }) => [component, old_usd, new_usd, percent]),
    ).toEqual([
      ["cache_read_input_token_cost", null, "0", null],
      ["output_cost_per_token", "0", "1", null],
    ]);
  });

  it("calls nothing renamed that has another price, or that could be two", () => {
    const before = litellm({ "x-preview": { input_cost_per_token: 1e-6 }, "y-preview": { input_cost_per_token: 1e-6 } });
    const after = litellm({
      x: { input_cost_per_token: 2e-6 },
      "y-001": { input_cost_per_token: 1e-6 },
      "y-002": { input_cost_per_token: 1e-6 },
    });
    expect(diffCatalogues(before, after)).toMatchObject({
      renamed: [],
      removed: ["x-preview", "y-preview"],
      added: ["x", "y-001", "y-002"],
    });
  });

  it("of genai-prices compares the prices and tiers of one day", () => {
    const prices = [
      { prices: { input_mtok: 1 } },
      { constraint: { start_date: "2026-01-01" }, prices: { input_mtok: { base: 2, tiers: [{ start: 1000, price: 3 }] } } },
    ];
    const list = [{ id: "acme", models: [{ id: "m", match: { equals: "m" }, prices }] }];
    const [before, after] = [catalogue(list, Date.parse("2025-12-31")), catalogue(list, Date.parse("2026-01-01"))];
    expect(
      diffCatalogues(before, after).repriced.map(({ model, component, old_usd, new_usd, percent }) => [
        model,
        component,
        old_usd,
        new_usd,
        percent,
      ]),
    ).toEqual([
      ["acme/m", "input_mtok", "1", "2", "100"],
      ["acme/m", "input_mtok above 1000", null, "3", null],
    ]);
  });

  it("refuses what is no catalogue", () => {
    for (const json of [{}, { a: 1 }, "x", [1]]) expect(() => catalogue(json)).toThrow("test");
  });
});
