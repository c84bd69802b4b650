import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bookedNano } from "../money/usd.ts";
import { isConsistent } from "../usage/partition-usage.ts";
import { NO_USAGE, type Usage } from "../usage/usage.ts";
import { type CallBound, callCeiling } from "./call-ceiling.ts";
import { createPriceBook, type Price } from "./price-book.ts";
import { priceCall } from "./price-call.ts";
import { parsePriceList } from "./price-list.ts";
import { parsePriceRows, parsePriceSupplement } from "./price-row.ts";

const readPrices = (name: string) => JSON.parse(readFileSync(new URL(`../../../prices/${name}`, import.meta.url), "utf8"));
const list = parsePriceList(readPrices("genai-prices.json"));
const book = createPriceBook({ lists: [list], supplement: parsePriceSupplement(readPrices("ballast-prices.json")) });
const instants = ["2024-01-01", "2026-07-15T12:00:00Z", "2026-07-31", "2026-10-01", "2027-02-01"].map((text) => Date.parse(text));
const prices: Price[] = [];
for (const provider of list.providers) {
  for (const id of book.models(provider.id)) {
    for (const at of instants) {
      const price = book.find(provider.id, id, at);
      if (price && !prices.includes(price)) prices.push(price);
    }
  }
}

const bounds = fc.record({
  inputTokens: fc.oneof(fc.nat(10_000), fc.nat(2_000_000), fc.constantFrom(128_000, 128_001, 200_000, 200_001, 272_001, 512_001)),
  outputTokens: fc.oneof(fc.nat(10_000), fc.nat(1_000_000)),
  mayUseAudio: fc.boolean(),
  mayUseImages: fc.boolean(),
  webSearches: fc.nat(5),
  requests: fc.constant(1),
}) satisfies fc.Arbitrary<CallBound>;

/** A part of `whole`, none half of the time. */
const share = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1, noNaN: true }));
const of = (whole: number, part: number) => Math.floor(whole * part);

const callsWithin = bounds.chain((bound) =>
  fc.record({
    bound: fc.constant(bound),
    usage: fc.array(share, { minLength: 20, maxLength: 20 }).map((part): Usage => {
      const inputTokens = part[0]! < 0.1 ? bound.inputTokens : of(bound.inputTokens, part[0]!);
      const outputTokens = part[1]! < 0.1 ? bound.outputTokens : of(bound.outputTokens, part[1]!);
      const cacheReadTokens = of(inputTokens, part[2]!);
      const cacheWriteTokens = of(inputTokens - cacheReadTokens, part[3]!);
      const cacheWrite5mTokens = of(cacheWriteTokens, part[4]!);
      const inputAudioTokens = bound.mayUseAudio ? of(inputTokens, part[5]!) : 0;
      const inputImageTokens = bound.mayUseImages ? of(inputTokens - inputAudioTokens, part[9]!) : 0;
      const inputVideoTokens = bound.mayUseImages ? of(inputTokens - inputAudioTokens - inputImageTokens, part[13]!) : 0;
      const cacheAudioReadTokens = of(Math.min(inputAudioTokens, cacheReadTokens), part[8]!);
      const cacheImageReadTokens = of(Math.min(inputImageTokens, cacheReadTokens - cacheAudioReadTokens), part[14]!);
      const cachedBoth = cacheAudioReadTokens + cacheImageReadTokens;
      const outputImageTokens = bound.mayUseImages ? of(outputTokens, part[10]!) : 0;
      const outputAudioTokens = bound.mayUseAudio ? of(outputTokens - outputImageTokens, part[6]!) : 0;
      return {
        inputTokens,
        outputTokens,
        cacheReadTokens,
        cacheWriteTokens,
        cacheWrite5mTokens,
        cacheWrite1hTokens: of(cacheWriteTokens - cacheWrite5mTokens, part[7]!),
        inputAudioTokens,
        cacheAudioReadTokens,
        inputImageTokens,
        cacheImageReadTokens,
        inputVideoTokens,
        cacheVideoReadTokens: of(Math.min(inputVideoTokens, cacheReadTokens - cachedBoth), part[15]!),
        outputAudioTokens,
        outputImageTokens,
        outputVideoTokens: bound.mayUseImages ? of(outputTokens - outputAudioTokens - outputImageTokens, part[16]!) : 0,
        reasoningTokens: of(outputTokens, part[11]!),
        citationTokens: 0,
        webSearches: of(bound.webSearches, part[12]!),
      };
    }),
  }),
);

/** A price whose dear unit, dear tier and dear variant are all different ones. */
const crooked = createPriceBook({
  lists: [],
  overrides: parsePriceRows(
    [
      {
        ...{ provider: "acme", model: "m", input_mtok: 3, cache_read_mtok: 4, cache_write_mtok: 2, cache_write_1h_mtok: 6, output_mtok: 5 },
        ...{ output_reasoning_mtok: 9, input_audio_mtok: 40, output_audio_mtok: 80, input_image_mtok: 7, output_image_mtok: 30 },
        ...{ requests_kcount: 12, web_searches_kcount: 5 },
        tiers: [{ above: 200_000, input_mtok: 1, cache_write_1h_mtok: 1, output_mtok: 50 }],
      },
      { provider: "acme", model: "m", service_tier: "priority", multiplier: "1.7" },
    ],
    "overrides",
  ),
}).find("acme", "m", 0)!;

describe("callCeiling", () => {
  it("is never below what any usage within the bound is booked at, for every price of the shipped files", () => {
    expect(prices.length).toBeGreaterThan(1_200);
    let compared = 0;
    fc.assert(
      fc.property(callsWithin, fc.nat(prices.length - 1), fc.boolean(), ({ bound, usage }, index, useCrooked) => {
        expect(isConsistent(usage)).toBe(true);
        const price = useCrooked ? crooked : prices[index]!;
        const tiers = ["standard", ...[...price.variants.keys()].map((variant) => variant.replace("tier:", ""))];
        for (const serviceTier of tiers) {
          const cost = priceCall(price, usage, { serviceTier });
          const ceiling = callCeiling(price, bound, { serviceTiers: [serviceTier] });
          if (ceiling.outcome === "unpriced" || cost.outcome === "unpriced") continue;
          compared += 1;
          expect(bookedNano(cost.totalAtto)).toBeLessThanOrEqual(ceiling.nano);
        }
      }),
      { numRuns: 20_000 },
    );
    expect(compared).toBeGreaterThan(10_000);
  });

  it("is known for every usage that can be priced, once the bound allows for it", () => {
    fc.assert(
      fc.property(callsWithin, fc.nat(prices.length - 1), ({ bound, usage }, index) => {
        const ceiling = callCeiling(prices[index]!, bound);
        if (ceiling.outcome === "bounded") expect(priceCall(prices[index]!, usage).outcome).toBe("priced");
      }),
      { numRuns: 5_000 },
    );
  });

  it("holds every price in turn, with all tokens of its dearest kind", () => {
    for (const price of prices) {
      for (const inputTokens of [1, 128_001, 200_001, 272_001, 600_000]) {
        for (const usage of extremes(inputTokens)) {
          const cost = priceCall(price, usage);
          const bound = { inputTokens, outputTokens: 1_000, mayUseAudio: true, mayUseImages: true, webSearches: 0, requests: 1 };
          const ceiling = callCeiling(price, bound);
          if (ceiling.outcome === "unpriced" || cost.outcome === "unpriced") continue;
          expect(bookedNano(cost.totalAtto), price.id).toBeLessThanOrEqual(ceiling.nano);
        }
      }
    }
  });

  it("is not lowered by a tier that is cheaper, since fewer tokens may be used", () => {
    const row = { provider: "acme", model: "m", input_mtok: 6, output_mtok: 1, tiers: [{ above: 200_000, input_mtok: 1 }] };
    const price = createPriceBook({ lists: [], overrides: parsePriceRows([row], "overrides") }).find("acme", "m", 0)!;
    const bound = { inputTokens: 200_001, outputTokens: 0, mayUseAudio: false, mayUseImages: false, webSearches: 0, requests: 1 };
    expect(callCeiling(price, bound)).toEqual({ outcome: "bounded", nano: 200_001n * 6_000n });
  });

  it("rounds up to a nano-dollar, once", () => {
    const overrides = parsePriceRows([{ provider: "acme", model: "m", input_mtok: "0.0001", output_mtok: "0.0001" }], "overrides");
    const price = createPriceBook({ lists: [], overrides }).find("acme", "m", 0)!;
    const bound = { inputTokens: 1, outputTokens: 1, mayUseAudio: false, mayUseImages: false, webSearches: 0, requests: 1 };
    expect(callCeiling(price, bound)).toEqual({ outcome: "bounded", nano: 1n });
  });

  it("takes the dearest of the service tiers that may be billed", () => {
    const bound = { inputTokens: 10, outputTokens: 10, mayUseAudio: false, mayUseImages: false, webSearches: 0, requests: 1 };
    const standard = callCeiling(crooked, bound);
    const priority = callCeiling(crooked, bound, { serviceTiers: ["default", "priority"] });
    if (standard.outcome !== "bounded" || priority.outcome !== "bounded") throw new Error("unpriced");
    expect(priority.nano).toBeGreaterThan(standard.nano);
  });

  it("is unpriced when the call may use what has no price", () => {
    const embedding = book.find("openai", "text-embedding-3-small", instants[3]!)!;
    const bound = { inputTokens: 10, outputTokens: 0, mayUseAudio: false, mayUseImages: false, webSearches: 0, requests: 1 };
    expect(callCeiling(book.find("openai", "gpt-4o", instants[3]!)!, bound, { serviceTiers: ["scale"] })).toMatchObject({
      detail: "scale",
    });
    expect(callCeiling(crooked, { ...bound, webSearches: 2 })).toMatchObject({ outcome: "bounded" });
    expect(callCeiling(embedding, { ...bound, webSearches: 1 })).toEqual({
      outcome: "unpriced",
      reason: "no_price_for_unit",
      detail: "webSearch",
    });
  });

  it("fails loudly on a bound that is no count", () => {
    const bound = { inputTokens: -1, outputTokens: 0, mayUseAudio: false, mayUseImages: false, webSearches: 0, requests: 1 };
    expect(() => callCeiling(crooked, bound)).toThrow("whole number");
    expect(() => callCeiling(crooked, { ...bound, inputTokens: Number.NaN })).toThrow("whole number");
  });
});

/** All input of one kind and all output of one kind. */
function extremes(inputTokens: number): Usage[] {
  const base = { ...NO_USAGE, inputTokens, outputTokens: 1_000 };
  return [
    base,
    { ...base, cacheReadTokens: inputTokens, reasoningTokens: 1_000 },
    { ...base, cacheWriteTokens: inputTokens, cacheWrite1hTokens: inputTokens, outputAudioTokens: 1_000 },
    { ...base, cacheWriteTokens: inputTokens, cacheWrite5mTokens: inputTokens, outputImageTokens: 1_000 },
    { ...base, inputAudioTokens: inputTokens, citationTokens: 1_000 },
    { ...base, inputAudioTokens: inputTokens, cacheReadTokens: inputTokens, cacheAudioReadTokens: inputTokens },
    { ...base, inputImageTokens: inputTokens },
  ];
}
