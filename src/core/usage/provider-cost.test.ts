import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { formatDecimal } from "../money/usd.ts";
import { extractUsage } from "./extract-usage.ts";
import { reportedCost } from "./provider-cost.ts";

const usdOf = (usage: Record<string, unknown>) => {
  const cost = reportedCost(usage);
  return cost === undefined ? undefined : formatDecimal(cost, 18);
};

describe("the cost that a provider reports", () => {
  it("is the decimal that was sent, not the binary fraction nearest to it", () => {
    expect(usdOf(JSON.parse('{"cost":0.000123}'))).toBe("0.000123");
    expect(usdOf(JSON.parse('{"cost":1e-7}'))).toBe("0.0000001");
    expect(usdOf(JSON.parse('{"cost":0.1}'))).toBe("0.1");
    expect(usdOf(JSON.parse('{"cost":0}'))).toBe("0");
  });

  it("is rounded up below an atto-dollar", () => {
    expect(usdOf({ cost: 1.5e-18 })).toBe("0.000000000000000002");
  });

  it("adds what the caller's own key was billed upstream to the fee for it", () => {
    expect(usdOf({ cost: 0.001, is_byok: true, cost_details: { upstream_inference_cost: 0.02 } })).toBe("0.021");
    expect(usdOf({ cost: 0.001, is_byok: false, cost_details: { upstream_inference_cost: 0.02 } })).toBe("0.001");
    expect(usdOf({ cost: 0.001, is_byok: true })).toBeUndefined();
  });

  it("is read from Perplexity's total and from xAI's ticks", () => {
    expect(usdOf({ cost: { input_tokens_cost: 0.1, total_cost: 0.1065 } })).toBe("0.1065");
    expect(usdOf({ cost_in_usd_ticks: 1176500 })).toBe("0.00011765");
  });

  it("is none where the provider says none, or nothing that is an amount", () => {
    for (const usage of [{}, { cost: null }, { cost: "0.1" }, { cost: -1 }, { cost: {} }, { cost_in_usd_ticks: "9" }]) {
      expect(usdOf(usage)).toBeUndefined();
    }
  });

  it("of xAI is that of its list prices, in a recorded answer", () => {
    const answer = JSON.parse(readFileSync(new URL("../../../test/fixtures/wire/xai/xai-text.json", import.meta.url), "utf8"));
    const reading = extractUsage("openai-chat", answer);
    // 10 tokens at 0.30 USD per million, 2 cached at 0.075, 229 of output at 0.50.
    expect(reading).toMatchObject({ outcome: "measured", costAtto: 117_650_000_000_000n });
  });

  it("comes with every answer of OpenRouter that was recorded", () => {
    const file = new URL("../../../test/fixtures/wire/pydantic-ai-cassettes.jsonl.gz", import.meta.url);
    const lines = gunzipSync(readFileSync(file)).toString("utf8").split("\n");
    const answers = lines.map((line) => JSON.parse(line)).filter(({ provider, body }) => provider === "openrouter" && body);
    expect(answers.length).toBeGreaterThan(20);
    for (const { dialect, body } of answers) {
      const { is_byok, cost, cost_details } = body.usage;
      const sent = is_byok === true ? [cost, cost_details.upstream_inference_cost] : [cost];
      const reading = extractUsage(dialect, body);
      const micro = reading.outcome === "measured" ? Number(reading.costAtto) / 1e12 : Number.NaN;
      expect(micro).toBeCloseTo(sent.reduce((sum: number, one: number) => sum + one, 0) * 1e6, 6);
    }
  });
});
