import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { NO_USAGE } from "../usage/usage.ts";
import { createPriceBook } from "./price-book.ts";
import { priceCall } from "./price-call.ts";
import { parseCatalogue } from "./price-catalogue.ts";
import { parsePriceRows } from "./price-row.ts";
import { rowsFromLitellm } from "./rows-from-litellm.ts";

const fixture = JSON.parse(readFileSync(new URL("../../../test/fixtures/prices/litellm-2026-07-05-excerpt.json", import.meta.url), "utf8"));
const imported = rowsFromLitellm(parseCatalogue(fixture, 0, "fixture"), "2026-07-05");
const book = createPriceBook({ lists: [], overrides: parsePriceRows(imported.rows, "imported") });

/** What the catalogue's own figures make of a call, in atto-dollars. */
const atto = (usdPerToken: number, tokens: number) => BigInt(Math.round(usdPerToken * 1e15)) * 1000n * BigInt(tokens);

describe("rows of a LiteLLM catalogue", () => {
  it("price a call as the catalogue does: standard, batch, priority, cached, and above a tier", () => {
    const usage = { ...NO_USAGE, inputTokens: 1_000, cacheReadTokens: 400, outputTokens: 50 };
    const total = (provider: string, model: string, counts = usage, how = {}) => {
      const cost = priceCall(book.find(provider, model, 0)!, counts, how);
      return cost.outcome === "priced" ? cost.totalAtto : cost;
    };
    expect(total("openai", "gpt-4o")).toBe(atto(2.5e-6, 600) + atto(1.25e-6, 400) + atto(1e-5, 50));
    expect(total("openai", "gpt-4o", usage, { serviceTier: "priority" })).toBe(atto(4.25e-6, 600) + atto(2.125e-6, 400) + atto(1.7e-5, 50));
    expect(total("openai", "gpt-4o", { ...usage, cacheReadTokens: 0 }, { batch: true })).toBe(atto(1.25e-6, 1_000) + atto(5e-6, 50));
    expect(total("azure", "gpt-5.1")).toBe(atto(1.25e-6, 600) + atto(1.25e-7, 400) + atto(1e-5, 50));
    const long = { ...NO_USAGE, inputTokens: 200_001, outputTokens: 10 };
    expect(total("gemini", "gemini-2.5-pro", long)).toBe(atto(2.5e-6, 200_001) + atto(1.5e-5, 10));
  });

  it("leave a zero out that stands beside real prices, so that the price it is part of counts", () => {
    const row = imported.rows.find(({ model }) => model === "deepseek-chat");
    expect(row).toMatchObject({ provider: "deepseek", input_mtok: "0.28", cache_read_mtok: "0.028" });
    expect(row).not.toHaveProperty("cache_write_mtok");
  });

  it("leave out, with the reason, what would be priced wrongly", () => {
    expect(imported.leftOut).toEqual([
      { model: "vertex_ai/imagen-4.0-generate-001", reason: "has a price that is not of tokens or searches: output_cost_per_image" },
      { model: "whisper-1", reason: "has a price that is not of tokens or searches: input_cost_per_second" },
    ]);
    const odd = { free: { litellm_provider: "x", input_cost_per_token: 0 }, none: { litellm_provider: "x" } };
    expect(rowsFromLitellm(parseCatalogue(odd, 0, "odd"), "2026-07-05")).toEqual({
      rows: [],
      leftOut: [
        { model: "free", reason: "is priced at 0 throughout, which there often means that nobody knows" },
        { model: "none", reason: "has no price" },
      ],
    });
  });
});
