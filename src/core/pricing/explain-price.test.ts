import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDecimal } from "../money/usd.ts";
import { NO_USAGE } from "../usage/usage.ts";
import { explainPrice } from "./explain-price.ts";
import { createPriceBook } from "./price-book.ts";
import { priceCall } from "./price-call.ts";
import { parsePriceList } from "./price-list.ts";
import { parsePriceRows } from "./price-row.ts";

const shipped = createPriceBook({
  lists: [parsePriceList(JSON.parse(readFileSync(new URL("../../../prices/genai-prices.json", import.meta.url), "utf8")))],
});
const rows = [
  {
    provider: "acme",
    model: "m",
    input_mtok: 3,
    cache_read_mtok: "0.3",
    output_mtok: 15,
    requests_kcount: 5,
    tiers: [{ above: 1_000, input_mtok: 6 }],
  },
];
const own = createPriceBook({ lists: [], overrides: parsePriceRows(rows, "rows") }).find("acme", "m", 0)!;

describe("the explanation of a price", () => {
  it("names count, price, amount and rule of each line", () => {
    const told = explainPrice(own, { ...NO_USAGE, inputTokens: 900, cacheReadTokens: 400, outputTokens: 50, reasoningTokens: 20 });
    expect(told).toEqual({
      outcome: "priced",
      tierAbove: undefined,
      lines: [
        { unit: "input", count: 500, per: "million tokens", priceUsd: "3", amountUsd: "0.0015", rule: "its own price, input_mtok" },
        {
          unit: "cacheRead",
          count: 400,
          per: "million tokens",
          priceUsd: "0.3",
          amountUsd: "0.00012",
          rule: "its own price, cache_read_mtok",
        },
        { unit: "output", count: 30, per: "million tokens", priceUsd: "15", amountUsd: "0.00045", rule: "its own price, output_mtok" },
        {
          unit: "reasoning",
          count: 20,
          per: "million tokens",
          priceUsd: "15",
          amountUsd: "0.0003",
          rule: "no price of its own, so that of output",
        },
        { unit: "request", count: 1, per: "thousand", priceUsd: "5", amountUsd: "0.005", rule: "fee per request" },
      ],
      totalUsd: "0.00737",
      bookedUsd: "0.00737",
    });
  });

  it("says which tier holds, and why a call has no price", () => {
    expect(explainPrice(own, { ...NO_USAGE, inputTokens: 1_001 })).toMatchObject({
      tierAbove: 1_000,
      lines: [{ priceUsd: "6", rule: "its own price, input_mtok, tier above 1000 input tokens" }, { unit: "request" }],
    });
    expect(explainPrice(own, { ...NO_USAGE, webSearches: 1 })).toEqual({
      outcome: "unpriced",
      reason: "no_price_for_unit",
      detail: "webSearch",
    });
  });

  it("adds up to what is booked for every model of two providers, count times price, and borrows a price only where it says so", () => {
    const models = shipped
      .models("openai")
      .concat(shipped.models("google"))
      .flatMap((model) => {
        const price = shipped.find("openai", model, 0) ?? shipped.find("google", model, 0);
        return price ? [price] : [];
      });
    const counts = fc.record({
      inputTokens: fc.integer({ min: 200, max: 400_000 }),
      cacheReadTokens: fc.nat(200),
      outputTokens: fc.integer({ min: 100, max: 9_000 }),
      reasoningTokens: fc.nat(100),
    });
    fc.assert(
      fc.property(fc.constantFrom(...models), counts, (price, some) => {
        const usage = { ...NO_USAGE, ...some };
        const [told, cost] = [explainPrice(price, usage), priceCall(price, usage)];
        expect(told.outcome).toBe(cost.outcome);
        if (told.outcome !== "priced" || cost.outcome !== "priced") return;
        const amounts = told.lines.map(({ amountUsd }) => parseDecimal(amountUsd, 18)!);
        expect(amounts.reduce((sum, one) => sum + one, 0n)).toBe(cost.totalAtto);
        const priceOf = (name: string) => told.lines.find(({ unit }) => unit === name)?.priceUsd;
        for (const { unit, count, per, priceUsd, amountUsd, rule } of told.lines) {
          const lender = /so that of (input|output)\b/.exec(rule)?.[1];
          if (lender && priceOf(lender) !== undefined) expect(priceUsd).toBe(priceOf(lender));
          const scale = per === "million tokens" ? 12 : 15;
          expect(parseDecimal(priceUsd, scale)! * BigInt(count), unit).toBe(parseDecimal(amountUsd, 18));
        }
      }),
    );
  });
});
