import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NO_USAGE, type Usage } from "./usage.ts";
import { usageDetails, usageOfTrace } from "./usage-details.ts";

const usages = fc.record(Object.fromEntries(Object.keys(NO_USAGE).map((name) => [name, fc.nat()]))) as unknown as fc.Arbitrary<Usage>;

describe("usage details", () => {
  it("with a trace's token columns are the whole usage, so that it can be priced again", () => {
    fc.assert(
      fc.property(usages, (usage) => {
        expect(usageOfTrace(traced(usage))).toEqual(usage);
      }),
    );
  });

  it("are left out of the trace of a plain call", () => {
    expect(usageDetails({ ...NO_USAGE, inputTokens: 10, outputTokens: 5, cacheReadTokens: 4, reasoningTokens: 2 })).toBeUndefined();
  });

  it("that a newer version wrote leave the usage unknown, not smaller", () => {
    const trace = traced({ ...NO_USAGE, inputTokens: 10 });
    expect(usageOfTrace({ ...trace, usage_details: { neural_seconds: 3 } })).toBeUndefined();
  });
});

function traced(usage: Usage) {
  return {
    prompt_tokens: usage.inputTokens,
    gen_tokens: usage.outputTokens,
    cache_read_tokens: usage.cacheReadTokens,
    cache_write_tokens: usage.cacheWriteTokens,
    reasoning_tokens: usage.reasoningTokens,
    usage_details: usageDetails(usage) ?? {},
  };
}
