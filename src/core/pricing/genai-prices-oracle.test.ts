import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { parseDecimal } from "../money/usd.ts";
import { extractUsage } from "../usage/extract-usage.ts";
import { NO_USAGE, type Usage, type UsageDialect } from "../usage/usage.ts";
import { createPriceBook } from "./price-book.ts";
import { type CallCost, priceCall } from "./price-call.ts";
import { parsePriceList } from "./price-list.ts";

/**
 * Reference answers of pydantic/genai-prices, commit 47df840: usage that real providers sent, and what the library makes of it for every
 * provider whose answers have that shape. See test/fixtures/prices/README.md.
 */
interface OracleEntry {
  readonly body: { readonly file: string };
  readonly model?: string;
  readonly extracted: readonly {
    readonly usage: Readonly<Record<string, number>>;
    readonly extractors: readonly { provider_id: string; api_flavor: string; input_price?: string; output_price?: string }[];
  }[];
}

const root = new URL("../../../", import.meta.url);
const list = parsePriceList(JSON.parse(readFileSync(new URL("prices/genai-prices.json", root), "utf8")));
const book = createPriceBook({ lists: [list] });
const packed = readFileSync(new URL("test/fixtures/prices/genai-prices-usage-oracle.json.gz", root));
const oracle: readonly OracleEntry[] = JSON.parse(gunzipSync(packed).toString("utf8"));

/** The dated prices that the answers hold: before Sonnet 5's of September and the July reductions, in DeepSeek's hours of full price. */
const AT = Date.parse("2026-07-15T12:00:00Z");

const USAGE_FIELDS: Readonly<Record<string, keyof Usage>> = {
  input_tokens: "inputTokens",
  output_tokens: "outputTokens",
  cache_read_tokens: "cacheReadTokens",
  cache_write_tokens: "cacheWriteTokens",
  cache_write_5m_tokens: "cacheWrite5mTokens",
  input_audio_tokens: "inputAudioTokens",
  cache_audio_read_tokens: "cacheAudioReadTokens",
  input_image_tokens: "inputImageTokens",
  cache_image_read_tokens: "cacheImageReadTokens",
  input_video_tokens: "inputVideoTokens",
  cache_video_read_tokens: "cacheVideoReadTokens",
  output_image_tokens: "outputImageTokens",
  output_reasoning_tokens: "reasoningTokens",
  web_searches: "webSearches",
};

/** Text is what is left of our counts, and what tools read is priced as all else that goes in. */
const NOT_TOLD_APART = /^(input_text|output_text|cache_text_read|input_tool|input_text_tool)_tokens$/;

function givenUsage(counts: Readonly<Record<string, number>>): Usage {
  const usage: Record<string, number> = { ...NO_USAGE };
  for (const [key, count] of Object.entries(counts)) {
    const field = USAGE_FIELDS[key];
    if (field) usage[field] = count;
    else if (!NOT_TOLD_APART.test(key)) throw new Error(`usage key ${key} is new`);
  }
  return usage as unknown as Usage;
}

function dialectOf(provider: string, flavor: string): UsageDialect | undefined {
  if (flavor === "anthropic" || (provider === "anthropic" && flavor === "default")) return "anthropic-messages";
  if (provider === "google" && flavor === "default") return "google-generate-content";
  if (provider === "aws" && flavor === "default") return "bedrock-converse";
  if (provider === "cohere" && flavor !== "tokens") return "cohere";
  if (flavor === "chat" || (flavor === "default" && ["groq", "mistral", "perplexity", "x-ai"].includes(provider))) return "openai-chat";
  if (flavor === "responses") return "openai-responses";
  return flavor === "embeddings" ? "openai-embeddings" : undefined;
}

interface Expectation {
  readonly name: string;
  readonly cost: CallCost | undefined;
  readonly inputPrice: string;
  readonly outputPrice: string;
}

function expectations(
  usageOf: (entry: OracleEntry, counts: Readonly<Record<string, number>>, dialect: UsageDialect | undefined) => Usage | undefined,
) {
  const found: Expectation[] = [];
  for (const entry of oracle) {
    for (const { usage: counts, extractors } of entry.extracted) {
      for (const { provider_id, api_flavor, input_price, output_price } of extractors) {
        if (input_price === undefined || output_price === undefined) continue;
        const usage = usageOf(entry, counts, dialectOf(provider_id, api_flavor));
        if (!usage) continue;
        const price = book.find(provider_id, entry.model ?? "", AT);
        const name = `${provider_id} ${api_flavor} ${entry.model}`;
        found.push({ name, cost: price && priceCall(price, usage), inputPrice: input_price, outputPrice: output_price });
      }
    }
  }
  return found;
}

function isMet({ cost, inputPrice, outputPrice }: Expectation): boolean {
  return cost?.outcome === "priced" && cost.inputAtto === parseDecimal(inputPrice, 18) && cost.outputAtto === parseDecimal(outputPrice, 18);
}

function unmetByName(all: readonly Expectation[]): Record<string, number> {
  const unmet: Record<string, number> = {};
  for (const one of all) if (!isMet(one)) unmet[one.name] = (unmet[one.name] ?? 0) + 1;
  return unmet;
}

/** The dialect that an answer is in; the reference reads each in every shape that it could also be taken for. */
function ownDialect({ usage, usageMetadata, meta }: Readonly<Record<string, unknown>>): UsageDialect {
  if (usageMetadata) return "google-generate-content";
  if (meta || (usage as object)["billed_units" as never]) return "cohere";
  const has = (member: string) => Object.hasOwn(usage as object, member);
  if (has("inputTokens")) return "bedrock-converse";
  if (has("prompt_tokens")) return has("completion_tokens") ? "openai-chat" : "openai-embeddings";
  return has("input_tokens_details") || has("total_tokens") ? "openai-responses" : "anthropic-messages";
}

describe("reference answers of genai-prices", () => {
  it("have no count that nobody reads", () => {
    const unknown: Record<string, unknown> = {};
    for (const { body } of oracle) {
      const reading = extractUsage(ownDialect(body as never), body);
      if (reading.outcome !== "measured") unknown[body.file] = reading.reason;
      else if (reading.unknownCounts) unknown[body.file] = reading.unknownCounts;
    }
    expect(unknown).toEqual({});
  });

  it("are met to the last digit, for every priced expectation and the usage it gives", () => {
    const all = expectations((_, counts) => givenUsage(counts));
    expect(all.length).toBe(1731);
    expect(unmetByName(all)).toEqual({
      // The list has an empty price for it. The reference makes that 0; an unknown price is unpriced.
      "cerebras chat qwen-3-coder-480b": 1,
    });
  });

  it("are met to the last digit by usage that we extract ourselves from the answer, in every dialect of ours", () => {
    const all = expectations((entry, _, dialect) => {
      const reading = dialect && extractUsage(dialect, entry.body);
      return reading?.outcome === "measured" ? reading.usage : undefined;
    });
    expect(all.length).toBe(1731);
    expect(unmetByName(all)).toEqual({
      "cerebras chat qwen-3-coder-480b": 1,
      // The answers count web searches, which these providers have no price for. The reference passes over them.
      "aws anthropic claude-sonnet-4-5-20250929": 1,
      "google anthropic claude-sonnet-4-5-20250929": 1,
      "aws anthropic claude-sonnet-4-20250514": 1,
      "google anthropic claude-sonnet-4-20250514": 1,
      // Gemini through OpenAI's dialect tells its thoughts only in the total. The reference passes over them; Google bills them as output.
      "google chat gemini-2.5-pro-preview-05-06": 1,
      // The answers count cache writes, which the reference reads for OpenAI and not for Azure.
      "azure chat gpt-5.6-sol": 1,
      "azure responses gpt-5.6-sol": 2,
    });
  });
});
