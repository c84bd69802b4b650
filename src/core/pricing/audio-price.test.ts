import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseDecimal } from "../money/usd.ts";
import { missingAudioPrice } from "./audio-price.ts";
import { createPriceBook } from "./price-book.ts";
import { parsePriceList } from "./price-list.ts";
import { parsePriceRows, parsePriceSupplement } from "./price-row.ts";

const readPrices = (name: string) => JSON.parse(readFileSync(new URL(`../../../prices/${name}`, import.meta.url), "utf8"));
const overrides = parsePriceRows(
  [
    { provider: "house", model: "free", free: true },
    { provider: "house", model: "text", input_mtok: "1", output_mtok: "1" },
    { provider: "house", model: "speech", input_mtok: "1", output_mtok: "1", input_audio_mtok: "9", output_audio_mtok: "9" },
    { provider: "house", model: "speech", service_tier: "flex", multiplier: "0.5" },
    { provider: "house", model: "speech", service_tier: "priority", input_mtok: "2", output_mtok: "2" },
  ],
  "test",
);
const book = createPriceBook({
  lists: [parsePriceList(readPrices("genai-prices.json"))],
  supplement: parsePriceSupplement(readPrices("ballast-prices.json")),
  overrides,
});
const priceOf = (model: string, provider = "openai") => book.find(provider, model, Date.parse("2026-11-01"))!;
const both = { takesAudio: true, givesAudio: true };
const perToken = (usdPerMillion: string) => parseDecimal(usdPerMillion, 12);

describe("audio", () => {
  it.each([
    ["gpt-4o-audio-preview", "40", "80"],
    ["gpt-4o-audio-preview-2024-12-17", "40", "80"],
    ["gpt-4o-audio-preview-2024-10-01", "100", "200"],
    ["gpt-4o-mini-audio-preview", "10", "20"],
    ["gpt-4o-realtime-preview-2024-10-01", "100", "200"],
    ["gpt-4o-realtime-preview-2024-12-17", "40", "80"],
    ["gpt-audio", "32", "64"],
  ])("of %s costs %s in and %s out", (model, input, output) => {
    const { rates } = priceOf(model).standard.bands[0];
    expect([rates.inputAudio, rates.outputAudio]).toEqual([perToken(input), perToken(output)]);
    expect(missingAudioPrice(priceOf(model), both, [])).toBeUndefined();
  });

  it("at a seller whose list has only the price of text lacks a price, in each direction on its own", () => {
    const price = priceOf("openai/gpt-audio", "openrouter");
    expect(missingAudioPrice(price, both, [])).toBe("input_audio_mtok");
    expect(missingAudioPrice(price, { takesAudio: false, givesAudio: true }, [])).toBe("output_audio_mtok");
    expect(missingAudioPrice(price, { takesAudio: false, givesAudio: false }, [])).toBeUndefined();
    const hears = priceOf("gemini-2.5-flash", "google");
    expect(missingAudioPrice(hears, { takesAudio: true, givesAudio: false }, [])).toBeUndefined();
    expect(missingAudioPrice(hears, both, [])).toBe("output_audio_mtok");
  });

  it("needs a price in every way that the call may be billed", () => {
    expect(missingAudioPrice(priceOf("speech", "house"), both, ["flex"])).toBeUndefined();
    expect(missingAudioPrice(priceOf("speech", "house"), both, ["priority"])).toBe("input_audio_mtok");
    expect(missingAudioPrice(priceOf("text", "house"), both, [])).toBe("input_audio_mtok");
  });

  it("of a model that is free is free", () => expect(missingAudioPrice(priceOf("free", "house"), both, [])).toBeUndefined());
});
