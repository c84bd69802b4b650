import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bookedNano } from "../money/usd.ts";
import { NO_USAGE } from "../usage/usage.ts";
import { callCeiling } from "./call-ceiling.ts";
import { createPriceBook } from "./price-book.ts";
import { priceCall } from "./price-call.ts";
import { PriceDataError } from "./price-data-error.ts";
import { bookAsKnownAt, knowledgeInstants, listBookOf, type PricePart, type PricePartKind, readPriceParts } from "./price-sources.ts";
import { markedUp } from "./price-term.ts";

const LIST = [{ id: "acme", models: [{ id: "m", match: { equals: "m" }, prices: { input_mtok: "3", output_mtok: "15" } }] }];
const MAY = Date.parse("2026-05-15");
const usage = { ...NO_USAGE, inputTokens: 1_000_000 };

/** Parts of the kinds that are given, over the list above. */
function sourcesOf(parts: Partial<Record<PricePartKind, unknown>>) {
  const written = Object.entries({ shipped_list: LIST, ...parts }).map(([kind, json]): PricePart => {
    return { kind: kind as PricePartKind, name: kind, text: JSON.stringify(json) };
  });
  return readPriceParts(written);
}

/** What a million input tokens cost, in nano-dollars. */
function cost(sources: ReturnType<typeof sourcesOf>, at: number, knownAt = Number.POSITIVE_INFINITY) {
  const price = bookAsKnownAt(sources, knownAt).find("acme", "m", at);
  const priced = price && priceCall(price, usage);
  return priced?.outcome === "priced" ? bookedNano(priced.totalAtto) : undefined;
}

describe("a price book as it was known", () => {
  const sources = sourcesOf({
    prices: [
      { provider: "acme", model: "m", input_mtok: "2", valid_from: "2026-05-01", known_at: "2026-06-10" },
      { provider: "acme", model: "m", input_mtok: "1", valid_from: "2026-05-01", known_at: "2026-07-01" },
    ],
  });

  it("prices May at the list until the contract is known, then at the contract, then at its correction", () => {
    expect(cost(sources, MAY, Date.parse("2026-06-09"))).toBe(3_000_000_000n);
    expect(cost(sources, MAY, Date.parse("2026-06-10"))).toBe(2_000_000_000n);
    expect(cost(sources, MAY, Date.parse("2026-07-01"))).toBe(1_000_000_000n);
  });

  it("knows from the beginning what says nothing of when it became known", () => {
    expect(cost(sources, Date.parse("2026-04-30"), 0)).toBe(3_000_000_000n);
  });

  it("tells every instant at which something became known", () => {
    expect(knowledgeInstants(sources)).toEqual([Date.parse("2026-06-10"), Date.parse("2026-07-01")]);
  });

  it("takes the word of a whole file for all its rows, and of a row for itself where it is later", () => {
    const row = { provider: "acme", model: "m", input_mtok: "2" };
    const file = { format: "ballast-prices/1", known_at: "2026-06-01", rows: [row, { ...row, input_mtok: "1", known_at: "2026-07-01" }] };
    const [before, known, later] = ["2026-05-31", "2026-06-01", "2026-07-01"].map(Date.parse) as [number, number, number];
    const filed = sourcesOf({ price_file: file });
    expect([cost(filed, MAY, before), cost(filed, MAY, known), cost(filed, MAY, later)]).toEqual([
      3_000_000_000n,
      2_000_000_000n,
      1_000_000_000n,
    ]);
  });
});

describe("a discount", () => {
  const sources = sourcesOf({
    contracts: [{ id: "c26", provider: "acme", model: "M*", discount_percent: "7.5", valid_from: "2026-05-01", valid_to: "2026-06-01" }],
  });

  it("is taken off every listed rate while its contract holds, and the price says which contract", () => {
    expect(cost(sources, MAY)).toBe(2_775_000_000n);
    expect(cost(sources, Date.parse("2026-06-01"))).toBe(3_000_000_000n);
    const price = createPriceBook(sources).find("acme", "m", MAY);
    expect([price?.id, price?.terms?.contract?.id, price?.toMs]).toEqual([
      "shipped_list+c26/acme/m@2026-05-01",
      "c26",
      Date.parse("2026-06-01"),
    ]);
  });

  it("leaves the list price what it is", () => {
    const price = listBookOf(sources).find("acme", "m", MAY);
    expect(price?.standard.bands[0].rates.input).toBe(3_000_000_000_000n);
  });

  it("is not taken off a price that the operator wrote: that is what is paid", () => {
    const own = { ...sources, overrides: sourcesOf({ prices: [{ provider: "acme", model: "m", input_mtok: "2.5" }] }).overrides ?? [] };
    expect(cost(own, MAY)).toBe(2_500_000_000n);
  });

  it("is refused above a hundred percent, and without a discount or a commitment", () => {
    const wrong = (contract: object) => () => sourcesOf({ contracts: [{ id: "c", provider: "acme", ...contract }] });
    expect(wrong({ discount_percent: "100.0001" })).toThrow(PriceDataError);
    expect(wrong({})).toThrow("contracts[0]: discount_percent or commitment_usd is required");
    expect(wrong({ discount_percent: "5", percent: "5" })).toThrow("unknown key percent");
  });
});

describe("a price in another currency", () => {
  const prices = [{ provider: "acme", model: "m", input_mtok: "2", output_mtok: "4", currency: "EUR" }];
  const fx_rates = [
    { currency: "EUR", usd: "1.10", valid_from: "2026-05-01", source: "ECB" },
    { currency: "EUR", usd: "1.0835", valid_from: "2026-05-10", known_at: "2026-05-11" },
  ];

  it("is turned into dollars at the rate of the day", () => {
    const sources = sourcesOf({ prices, fx_rates });
    expect(cost(sources, Date.parse("2026-05-09"))).toBe(2_200_000_000n);
    expect(cost(sources, MAY)).toBe(2_167_000_000n);
    expect(createPriceBook(sources).find("acme", "m", MAY)?.terms?.fxRate?.nanoUsd).toBe(1_083_500_000n);
  });

  it("knows of a rate when the rate says so", () => {
    expect(cost(sourcesOf({ prices, fx_rates }), MAY, Date.parse("2026-05-10"))).toBe(2_200_000_000n);
  });

  it("is no price without a rate, neither at 1 nor at what the list says, and tells which rate is missing", () => {
    const book = createPriceBook(sourcesOf({ prices, fx_rates }));
    expect(book.find("acme", "m", Date.parse("2026-04-30"))).toBeUndefined();
    expect(book.currencyWithoutRate("acme", "m", Date.parse("2026-04-30"))).toBe("EUR");
    expect(book.currencyWithoutRate("acme", "m", MAY)).toBeUndefined();
  });

  it("does not let a listed service tier stand in for its own without a rate", () => {
    const listed = { provider: "acme", model: "m", service_tier: "flex", input_mtok: "1" };
    const supplement = { format: "ballast-prices/1", rows: [listed] };
    const sources = sourcesOf({ shipped_rows: supplement, prices: [{ ...listed, currency: "CHF" }] });
    expect(createPriceBook(sources).find("acme", "m", MAY)?.variants.has("tier:flex")).toBe(false);
  });

  it("names every change of its price within a span", () => {
    const [from, to] = [Date.parse("2026-05-02"), Date.parse("2026-06-01")];
    expect(createPriceBook(sourcesOf({ prices, fx_rates })).changes("acme", "m", from, to)).toEqual([Date.parse("2026-05-10")]);
  });
});

it("marks a cost up and never rounds it down", () => {
  const [markup] = sourcesOf({ markups: [{ tenant: "t", percent: "12.5" }] }).markups;
  expect(markedUp(1n, markup)).toBe(2n);
  expect(markedUp(8_000n, markup)).toBe(9_000n);
  expect(markedUp(7n, undefined)).toBe(7n);
});

it("books no call above its hold, whatever the discount, the rate and the price", () => {
  const digits = (scale: number, most: number) => fc.nat(most).map((value) => (value / 10 ** scale).toFixed(scale));
  const written = fc.record({
    own: fc.boolean(),
    input: digits(4, 900_000),
    output: digits(6, 99_000_000),
    read: digits(6, 9_000_000),
    discount: digits(4, 1_000_000),
    rate: digits(9, 2_000_000_000).filter((text) => Number(text) > 0),
  });
  const used = fc.record({ bound: fc.nat(3_000_000), part: fc.nat(100), read: fc.nat(100), out: fc.nat(100_000), outPart: fc.nat(100) });
  fc.assert(
    fc.property(written, used, ({ own, input, output, read, discount, rate }, { bound, part, read: readPart, out, outPart }) => {
      const figures = { input_mtok: input, output_mtok: output, cache_read_mtok: read, requests_kcount: input };
      const sources = sourcesOf({
        shipped_list: [{ id: "acme", models: [{ id: "m", match: { equals: "m" }, prices: figures }] }],
        ...(own ? { prices: [{ provider: "acme", model: "m", currency: "EUR", ...figures }] } : {}),
        contracts: [{ id: "c", provider: "acme", discount_percent: discount }],
        fx_rates: [{ currency: "EUR", usd: rate }],
      });
      const price = createPriceBook(sources).find("acme", "m", MAY)!;
      const inputTokens = Math.floor((bound * part) / 100);
      const call = { ...NO_USAGE, inputTokens, outputTokens: Math.floor((out * outPart) / 100) };
      const cost = priceCall(price, { ...call, cacheReadTokens: Math.floor((inputTokens * readPart) / 100) });
      const limits = { inputTokens: bound, outputTokens: out, mayUseAudio: false, mayUseImages: false, webSearches: 0, requests: 1 };
      const ceiling = callCeiling(price, limits);
      expect([cost.outcome, ceiling.outcome]).toEqual(["priced", "bounded"]);
      if (cost.outcome === "priced" && ceiling.outcome === "bounded") expect(bookedNano(cost.totalAtto) <= ceiling.nano).toBe(true);
    }),
  );
});
