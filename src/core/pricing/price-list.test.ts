import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { NO_USAGE } from "../usage/usage.ts";
import { createPriceBook } from "./price-book.ts";
import { priceCall } from "./price-call.ts";
import { PriceDataError } from "./price-data-error.ts";
import { parsePriceList } from "./price-list.ts";
import { parsePriceSupplement } from "./price-row.ts";

const aList = (model: Record<string, unknown>) => [{ id: "acme", models: [{ id: "m", match: { equals: "m" }, prices: {}, ...model }] }];
const readPrices = (name: string) => JSON.parse(readFileSync(new URL(`../../../prices/${name}`, import.meta.url), "utf8"));

describe("parsePriceList", () => {
  it("reads the shipped list whole", () => {
    const list = parsePriceList(readPrices("genai-prices.json"));
    expect(list.providers.length).toBe(36);
    expect(list.providers.reduce((sum, provider) => sum + provider.models.length, 0)).toBe(1466);
  });

  it("turns JSON numbers into exact rates through their shortest text", () => {
    const list = parsePriceList(aList({ prices: { input_mtok: 0.15, output_mtok: 1e-7 } }));
    const price = createPriceBook({ lists: [list] }).find("acme", "m", 0)!;
    expect(priceCall(price, { ...NO_USAGE, inputTokens: 1, outputTokens: 1 })).toMatchObject({
      inputAtto: 150_000_000_000n,
      outputAtto: 100_000n,
    });
  });

  it.each([
    ["more digits than an atto", { prices: { input_mtok: 0.08333333333333334 } }],
    ["a price below zero", { prices: { input_mtok: -1 } }],
    ["a price that is no number", { prices: { input_mtok: "dear" } }],
    ["a price of null with tiers", { prices: { input_mtok: { base: null, tiers: [] } } }],
    [
      "tiers that do not rise",
      {
        prices: {
          input_mtok: {
            base: 1,
            tiers: [
              { start: 2, price: 2 },
              { start: 1, price: 3 },
            ],
          },
        },
      },
    ],
    ["an unknown match word", { match: { sounds_like: "m" } }],
    ["a match with two words", { match: { equals: "m", contains: "m" } }],
    ["a regular expression that is none", { match: { regex: "(" } }],
    ["an unreadable date", { prices: [{ constraint: { start_date: "soon" }, prices: {} }] }],
    ["an unreadable time of day", { prices: [{ constraint: { start_time: "noon", end_time: "night" }, prices: {} }] }],
    ["no price at all", { prices: [] }],
  ])("refuses a list with %s, and says where", (_, model) => {
    expect(() => parsePriceList(aList(model))).toThrow(PriceDataError);
    expect(() => parsePriceList(aList(model))).toThrow("acme.models[0]");
  });
});

describe("the shipped supplement", () => {
  const list = parsePriceList(readPrices("genai-prices.json"));
  const json = readPrices("ballast-prices.json");

  it("names a source and a date in every row", () => {
    for (const row of json.rows) {
      expect(Object.keys(json.sources)).toContain(row.source);
      expect(row.as_of).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    }
  });

  it("prices models that the list knows", () => {
    const book = createPriceBook({ lists: [list], supplement: parsePriceSupplement(json) });
    for (const row of json.rows)
      for (const model of row.models ?? []) expect(book.find(row.provider, model, Date.parse("2026-11-01")), model).toBeDefined();
  });

  it("charges half for a batch of every model it names, and double or so for priority", () => {
    const book = createPriceBook({ lists: [list], supplement: parsePriceSupplement(json) });
    const usage = { ...NO_USAGE, inputTokens: 1_000, outputTokens: 1_000 };
    const cost = (model: string, how: { serviceTier?: string; batch?: boolean }) => {
      const priced = priceCall(
        book.find(model.startsWith("claude") ? "anthropic" : "openai", model, Date.parse("2026-11-01"))!,
        usage,
        how,
      );
      return priced.outcome === "priced" ? priced.totalAtto : undefined;
    };
    for (const model of ["gpt-4o", "gpt-4.1-mini", "o3-pro", "claude-sonnet-4-6", "claude-haiku-4-5"]) {
      expect(cost(model, { batch: true })! * 2n, model).toBe(cost(model, {}));
    }
    expect(cost("gpt-5", { serviceTier: "priority" })).toBe(cost("gpt-5", {})! * 2n);
    expect(cost("gpt-5", { serviceTier: "flex" })! * 2n).toBe(cost("gpt-5", {}));
  });
});
