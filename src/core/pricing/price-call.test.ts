import { describe, expect, it } from "vitest";
import { formatDecimal, parseDecimal } from "../money/usd.ts";
import { NO_USAGE, type Usage } from "../usage/usage.ts";
import { createPriceBook, type Price } from "./price-book.ts";
import { priceCall } from "./price-call.ts";
import { parsePriceRows } from "./price-row.ts";

function aPrice(figures: Record<string, unknown>): Price {
  const overrides = parsePriceRows([{ provider: "acme", model: "m", ...figures }], "overrides");
  return createPriceBook({ lists: [], overrides }).find("acme", "m", 0)!;
}

const cost = (figures: Record<string, unknown>, usage: Partial<Usage>) => priceCall(aPrice(figures), { ...NO_USAGE, ...usage });
const MTOK = 10n ** 12n;

describe("priceCall", () => {
  it("charges each token once, at the price of the most particular kind it has", () => {
    const figures = {
      input_mtok: 3,
      cache_read_mtok: "0.3",
      cache_write_mtok: "3.75",
      cache_write_1h_mtok: 6,
      output_mtok: 15,
      output_reasoning_mtok: 20,
    };
    const priced = cost(figures, {
      inputTokens: 1_000,
      cacheReadTokens: 500,
      cacheWriteTokens: 300,
      cacheWrite5mTokens: 100,
      cacheWrite1hTokens: 200,
      outputTokens: 100,
      reasoningTokens: 40,
    });
    expect(priced).toMatchObject({
      outcome: "priced",
      inputAtto: (200n * 300n + 500n * 30n + 100n * 375n + 200n * 600n) * (MTOK / 100n),
      outputAtto: (60n * 15n + 40n * 20n) * MTOK,
    });
  });

  it("gives a kind without a price of its own that of the kind it is part of", () => {
    const usage = {
      inputTokens: 10,
      cacheReadTokens: 4,
      inputAudioTokens: 3,
      inputImageTokens: 2,
      outputTokens: 8,
      outputAudioTokens: 2,
      reasoningTokens: 3,
    };
    expect(cost({ input_mtok: 1, output_mtok: 2 }, usage)).toMatchObject({ inputAtto: 10n * MTOK, outputAtto: 16n * MTOK });
  });

  it("lets all tokens have the price of the tier that all input tokens, cached ones included, exceed", () => {
    const figures = {
      input_mtok: 3,
      cache_read_mtok: 1,
      output_mtok: 15,
      tiers: [{ above: 200_000, input_mtok: 6, cache_read_mtok: 2, output_mtok: 22 }],
    };
    const usage = { cacheReadTokens: 199_999, outputTokens: 1 };
    expect(cost(figures, { ...usage, inputTokens: 200_000 })).toMatchObject({ inputAtto: (3n + 199_999n) * MTOK, outputAtto: 15n * MTOK });
    expect(cost(figures, { ...usage, inputTokens: 200_001 })).toMatchObject({
      inputAtto: (2n * 6n + 199_999n * 2n) * MTOK,
      outputAtto: 22n * MTOK,
    });
  });

  it("takes as few tokens as the total allows for both cached and audio", () => {
    const figures = { input_mtok: 1, cache_read_mtok: "0.5", input_audio_mtok: 10, cache_audio_read_mtok: 2, output_mtok: 1 };
    const priced = cost(figures, { inputTokens: 100, cacheReadTokens: 80, inputAudioTokens: 50 });
    expect(priced).toMatchObject({ outcome: "priced", inputAtto: (50n * MTOK) / 2n + 20n * 10n * MTOK + 30n * 2n * MTOK });
  });

  it("charges fees per request and per search beside the tokens", () => {
    const priced = cost({ input_mtok: 1, output_mtok: 1, requests_kcount: 12, web_searches_kcount: 5 }, { inputTokens: 1, webSearches: 3 });
    expect(priced).toMatchObject({ otherAtto: 27n * 10n ** 15n, totalAtto: 27n * 10n ** 15n + MTOK });
  });

  it("prices images, video and what of them was cached apart, each at its own price or that of the kind it is part of", () => {
    const usage = {
      inputTokens: 100,
      inputImageTokens: 40,
      inputVideoTokens: 30,
      cacheReadTokens: 30,
      cacheImageReadTokens: 10,
      cacheVideoReadTokens: 5,
    };
    // 30 images, 10 of them cached beside; 25 of video, 5 cached; 15 of text cached, 15 not.
    const figures = {
      input_mtok: 1,
      cache_read_mtok: "0.5",
      input_image_mtok: 10,
      cache_image_read_mtok: 2,
      input_video_mtok: 20,
      output_mtok: 1,
    };
    const twice = 15n * 2n + 30n * 20n + 10n * 4n + 25n * 40n + 15n * 1n + 5n * 40n;
    expect(cost(figures, usage)).toMatchObject({ outcome: "priced", inputAtto: (twice * MTOK) / 2n });
    expect(cost({ input_mtok: 1, output_mtok: 1 }, { ...usage, outputTokens: 9, outputVideoTokens: 4 })).toMatchObject({
      totalAtto: 109n * MTOK,
    });
  });

  it.each([
    ["an hour and a half of audio", { input_audio_hours: "0.36" }, { input_audio_ms: 5_400_000 }, "0.54"],
    [
      "a millisecond at an odd price, rounded up to an atto-dollar",
      { output_audio_hours: "0.111" },
      { output_audio_ms: 1 },
      "0.000000030833333334",
    ],
    ["characters", { input_mchars: 15 }, { input_characters: 1_000 }, "0.015"],
    ["images", { output_images_kcount: 40, input_images_kcount: 2 }, { output_images: 3, input_images: 5 }, "0.13"],
    ["pixels", { input_gpixels: "0.6" }, { input_pixels: 2_000_000 }, "0.0012"],
    ["pages", { input_document_kpages: 1, input_annotated_document_kpages: 3 }, { document_pages: 7, annotated_pages: 1 }, "0.01"],
    [
      "searches of every kind",
      { rerank_searches_kcount: 2, social_searches_kcount: 5, storage_searches_kcount: "2.5" },
      { rerank_searches: 1, social_searches: 2, storage_searches: 4 },
      "0.022",
    ],
    ["seats", { seats: 30 }, { seats: 12 }, "360"],
    ["as many requests as one report stands for", { requests_kcount: 5, input_mtok: 1 }, { requests: 40 }, "0.2"],
  ])("prices %s", (_, figures, units, total) => {
    const priced = cost(figures, { units });
    expect(priced.outcome === "priced" && formatDecimal(priced.totalAtto, 18)).toBe(total);
    expect(priced.outcome === "priced" && priced.components.reduce((sum, { atto }) => sum + atto, 0n)).toBe(parseDecimal(total, 18));
  });

  it("adds up: the components are the total, and name every unit used", () => {
    const priced = cost({ input_mtok: 1, output_mtok: "0.3", requests_kcount: 1 }, { inputTokens: 7, cacheReadTokens: 2, outputTokens: 3 });
    if (priced.outcome !== "priced") throw new Error(priced.reason);
    expect(priced.components.map(({ unit, count }) => [unit, count])).toEqual([
      ["input", 5],
      ["cacheRead", 2],
      ["output", 3],
      ["request", 1],
    ]);
    expect(priced.components.reduce((sum, { atto }) => sum + atto, 0n)).toBe(priced.totalAtto);
  });

  it.each([
    ["a rerank search without a price", { units: { rerank_searches: 1 } }, "no_price_for_unit", "rerank_searches"],
    ["half a seat", { units: { seats: 0.5 } }, "inconsistent_usage", undefined],
    ["a search without a price", { webSearches: 1 }, "no_price_for_unit", "webSearch"],
    ["output of a model that prices input alone", { outputTokens: 1 }, "no_price_for_unit", "output"],
    ["more cached tokens than tokens", { inputTokens: 1, cacheReadTokens: 2 }, "inconsistent_usage", undefined],
    ["a fraction of a token", { inputTokens: 0.5 }, "inconsistent_usage", undefined],
  ])("calls %s unpriced, never nothing", (_, usage, reason, detail) => {
    expect(cost({ input_mtok: 1 }, usage)).toEqual({ outcome: "unpriced", reason, ...(detail ? { detail } : {}) });
  });

  it("calls a service tier without a price unpriced, and takes the standard one by any of its names", () => {
    const price = aPrice({ input_mtok: 1, output_mtok: 1 });
    expect(priceCall(price, NO_USAGE, { serviceTier: "scale" })).toEqual({
      outcome: "unpriced",
      reason: "no_price_for_variant",
      detail: "scale",
    });
    expect(priceCall(price, NO_USAGE, { batch: true })).toEqual({ outcome: "unpriced", reason: "no_price_for_variant", detail: "batch" });
    for (const serviceTier of ["default", "standard", "auto", "on_demand", undefined]) {
      expect(priceCall(price, NO_USAGE, { serviceTier })).toMatchObject({ outcome: "priced", totalAtto: 0n });
    }
  });
});
