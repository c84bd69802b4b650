import { describe, expect, it } from "vitest";
import { NO_USAGE } from "../usage/usage.ts";
import { createPriceBook } from "./price-book.ts";
import { priceCall } from "./price-call.ts";
import { PriceDataError } from "./price-data-error.ts";
import { parsePriceList } from "./price-list.ts";
import { parsePriceRows, parsePriceSupplement } from "./price-row.ts";

const usage = { ...NO_USAGE, inputTokens: 1_000_000, outputTokens: 1_000_000 };
const JUNE = Date.parse("2026-06-01");
const OCTOBER = Date.parse("2026-10-01");

const list = parsePriceList([
  {
    id: "acme",
    models: [
      {
        id: "small",
        match: { starts_with: "small" },
        context_window: 8_000,
        prices: [
          { prices: { input_mtok: 2, output_mtok: 4 } },
          { constraint: { start_date: "2026-09-01" }, prices: { input_mtok: 1, output_mtok: 2 } },
        ],
      },
      {
        id: "night",
        match: { equals: "night" },
        prices: [
          { prices: { input_mtok: 1, output_mtok: 1 } },
          { constraint: { start_time: "00:30:00Z", end_time: "16:30:00Z" }, prices: { input_mtok: 2, output_mtok: 2 } },
        ],
      },
      { id: "unknown", match: { equals: "unknown" }, prices: {} },
    ],
  },
  {
    id: "reseller",
    fallback_model_providers: ["acme"],
    models: [{ id: "own", match: { equals: "own" }, prices: { input_mtok: 9, output_mtok: 9 } }],
  },
]);

const bookWith = (overrides: unknown[] = [], rows: unknown[] = []) =>
  createPriceBook({
    lists: [list],
    supplement: parsePriceSupplement({ format: "ballast-prices/1", rows }),
    overrides: parsePriceRows(overrides, "prices.overrides"),
  });

const usd = (book: ReturnType<typeof bookWith>, provider: string, model: string, at: number, how = {}) => {
  const price = book.find(provider, model, at);
  const cost = price && priceCall(price, usage, how);
  return cost?.outcome === "priced" ? Number(cost.totalAtto / 10n ** 18n) : cost?.reason;
};

describe("createPriceBook", () => {
  it("uses the price whose start was last, from that instant on", () => {
    const book = bookWith();
    expect(usd(book, "acme", "small-1", Date.parse("2026-08-31T23:59:59.999Z"))).toBe(6);
    expect(usd(book, "acme", "small-1", Date.parse("2026-09-01"))).toBe(3);
    expect(book.find("acme", "small-1", JUNE)!.id).toBe("genai-prices/acme/small@start");
    expect(book.find("acme", "small-1", new Date(OCTOBER))!.id).toBe("genai-prices/acme/small@2026-09-01");
  });

  it("uses the price of the time of day, half-open", () => {
    const book = bookWith();
    expect(usd(book, "acme", "night", Date.parse("2026-10-01T00:29:59.999Z"))).toBe(2);
    expect(usd(book, "acme", "night", Date.parse("2026-10-01T00:30:00Z"))).toBe(4);
    expect(usd(book, "acme", "night", Date.parse("2026-10-01T16:30:00Z"))).toBe(2);
  });

  it("answers with the very same price as long as it holds, so that a name is matched once", () => {
    const book = bookWith();
    expect(book.find("acme", "small-1", JUNE)).toBe(book.find("acme", "small-1", JUNE + 1));
    expect(book.find("acme", "small-1", JUNE)).not.toBe(book.find("acme", "small-1", OCTOBER));
  });

  it("finds no price for a model that nothing prices, nor for an empty price, nor under another provider's name", () => {
    const book = bookWith();
    expect(book.find("acme", "large", JUNE)).toBeUndefined();
    expect(book.find("acme", "unknown", JUNE)).toBeUndefined();
    expect(book.find("my-acme", "small", JUNE)).toBeUndefined();
    expect(book.find("acme", `small${"x".repeat(300)}`, JUNE)).toBeUndefined();
  });

  it("keeps known names through a flood of unknown ones", () => {
    const book = bookWith();
    const price = book.find("acme", "small-1", JUNE);
    for (let index = 0; index < 5_000; index++) book.find("acme", `flood-${index}`, JUNE);
    expect(book.find("acme", "small-1", JUNE)).toBe(price);
  });

  it("prices what a reseller sells of another provider's models, after its own", () => {
    const book = bookWith();
    expect(usd(book, "reseller", "small", OCTOBER)).toBe(3);
    expect(usd(book, "reseller", "own", OCTOBER)).toBe(18);
    expect(book.find("reseller", "small", JUNE)!.id).toBe("genai-prices/reseller:acme/small@start");
  });

  it("gives a reseller the corrections of a price, and none of its batch and tiers", () => {
    const book = bookWith(
      [],
      [
        { provider: "acme", model: "small", replaces: true, input_mtok: 50, output_mtok: 50 },
        { provider: "acme", model: "small", batch: true, multiplier: "0.5" },
      ],
    );
    expect(usd(book, "reseller", "small", JUNE)).toBe(100);
    expect(usd(book, "reseller", "small", JUNE, { batch: true })).toBe("no_price_for_variant");
  });

  it("lets an override win over the list while it is valid, and keeps the list's context window", () => {
    const book = bookWith([
      { provider: "acme", model: "small", input_mtok: "0.5", output_mtok: 0.5, valid_from: "2026-09-15", valid_to: "2026-09-20" },
    ]);
    expect(usd(book, "acme", "small", Date.parse("2026-09-14T23:59:59.999Z"))).toBe(3);
    expect(usd(book, "acme", "small", Date.parse("2026-09-15"))).toBe(1);
    expect(book.find("acme", "small", Date.parse("2026-09-15"))).toMatchObject({
      id: "override/acme/small@2026-09-15",
      contextWindow: 8_000,
    });
    expect(usd(book, "acme", "small", Date.parse("2026-09-20"))).toBe(3);
  });

  it("prices a model of a provider that no list has, by override alone", () => {
    const book = bookWith([
      { provider: "home", match: { starts_with: "llama" }, input_mtok: "1", output_mtok: "1", tiers: [{ above: 10, input_mtok: 2 }] },
    ]);
    expect(usd(book, "home", "llama-3", JUNE)).toBe(3);
    expect(book.find("home", "qwen", JUNE)).toBeUndefined();
  });

  it("takes free for an explicit price of nothing", () => {
    const book = bookWith([{ provider: "acme", model: "unknown", free: true }]);
    expect(usd(book, "acme", "unknown", JUNE)).toBe(0);
    expect(priceCall(book.find("acme", "unknown", JUNE)!, { ...usage, webSearches: 3 })).toMatchObject({
      outcome: "priced",
      totalAtto: 0n,
    });
  });

  it("lets the override win that started last, and of equals the one written last", () => {
    const row = { provider: "acme", model: "small", output_mtok: 0 };
    const book = bookWith([
      { ...row, input_mtok: 7, valid_from: "2026-05-01" },
      { ...row, input_mtok: 8 },
      { ...row, input_mtok: 9, valid_from: "2026-05-01" },
    ]);
    expect(usd(book, "acme", "small", JUNE)).toBe(9);
    expect(usd(book, "acme", "small", Date.parse("2026-04-01"))).toBe(8);
  });

  it("prices batch and service tiers only where a row does, and follows the standard price with a multiplier", () => {
    const rows = [
      { provider: "acme", match: { contains: "small" }, batch: true, multiplier: "0.5" },
      { provider: "acme", model: "small", service_tier: "priority", input_mtok: 20, output_mtok: 20 },
    ];
    const book = bookWith([], rows);
    expect(usd(book, "acme", "small", JUNE, { batch: true })).toBe(3);
    expect(usd(book, "acme", "small", JUNE, { serviceTier: "priority" })).toBe(40);
    expect(usd(book, "acme", "small", JUNE, { serviceTier: "default" })).toBe(6);
    expect(usd(book, "acme", "small", JUNE, { serviceTier: "flex" })).toBe("no_price_for_variant");
    const contract = bookWith([{ provider: "acme", model: "small", input_mtok: 1, output_mtok: 1 }], rows);
    expect(usd(contract, "acme", "small", JUNE, { batch: true })).toBe(1);
  });

  it("fills gaps from the supplement, and replaces only where a row says so", () => {
    const search = { ...NO_USAGE, webSearches: 1_000 };
    const gap = bookWith([], [{ provider: "acme", model: "small", web_searches_kcount: 5, input_mtok: 99 }]);
    expect(priceCall(gap.find("acme", "small", JUNE)!, search)).toMatchObject({ totalAtto: 5n * 10n ** 18n });
    expect(usd(gap, "acme", "small", JUNE)).toBe(6);
    const right = bookWith([], [{ provider: "acme", model: "small", replaces: true, input_mtok: 50, output_mtok: 50 }]);
    expect(usd(right, "acme", "small", JUNE)).toBe(100);
    expect(right.find("acme", "small", JUNE)!.id).toBe("ballast/acme/small@start");
  });

  it("lists the models with a price, those of overrides included", () => {
    expect(bookWith([{ provider: "acme", model: "mine", free: true }]).models("acme")).toEqual(["mine", "night", "small"]);
    expect(bookWith().models("nobody")).toEqual([]);
  });

  it.each([
    ["an unknown key", { input_mtoks: 1 }],
    ["no price", {}],
    ["a price and free", { free: true, input_mtok: 1 }],
    ["a tier without base", { input_mtok: 1, tiers: [{ above: 5, output_mtok: 1 }] }],
    ["an unknown key in a tier", { input_mtok: 1, tiers: [{ above: 5, input_mtok: 1, output: 1 }] }],
    ["an end before its start", { free: true, valid_from: "2026-02-01", valid_to: "2026-01-01" }],
    ["a time of no zone", { free: true, valid_from: "2026-02-01T00:00" }],
    ["a multiplier of the standard price", { multiplier: "0.5" }],
    ["a multiplier that is a binary fraction", { batch: true, multiplier: 0.5 }],
    ["both batch and tier", { input_mtok: 1, batch: true, service_tier: "flex" }],
    ["two ways to name the model", { input_mtok: 1, models: ["m"] }],
  ])("refuses a row with %s, and says which", (_, row) => {
    expect(() => parsePriceRows([{ provider: "acme", model: "m", ...row }], "prices.overrides")).toThrow(PriceDataError);
    expect(() => parsePriceRows([{ provider: "acme", model: "m", ...row }], "prices.overrides")).toThrow("prices.overrides[0]");
  });
});
