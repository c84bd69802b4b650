import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OTHER_UNITS } from "./other-units.ts";
import { NO_USAGE, type Usage } from "./usage.ts";
import { usageDetails, usageOfTrace } from "./usage-details.ts";

const tokens = fc.record(Object.fromEntries(Object.keys(NO_USAGE).map((name) => [name, fc.nat()])));
const units = fc.record(Object.fromEntries(OTHER_UNITS.map((unit) => [unit, fc.integer({ min: 1 })])), { requiredKeys: [] });
const usages = fc
  .record({ tokens, units })
  .map((usage) => ({ ...usage.tokens, ...(Object.keys(usage.units).length > 0 ? { units: usage.units } : {}) })) as fc.Arbitrary<Usage>;

describe("usage details", () => {
  it("with a trace's token columns are the whole usage, so that it can be priced again", () => {
    fc.assert(
      fc.property(usages, (usage) => {
        expect(usageOfTrace(traced(usage))).toEqual(usage);
      }),
    );
  });

  it("hold what the provider says the call cost, which is no part of its usage", () => {
    const usage = { ...NO_USAGE, inputTokens: 10 };
    const details = usageDetails(usage, { providerCostNano: 1_176n });
    expect(details).toEqual({ provider_cost_nano: 1_176 });
    expect(usageOfTrace({ ...traced(usage), usage_details: details! })).toEqual(usage);
  });

  it("hold counts that nobody reads, and the call cannot be priced again without them", () => {
    const usage = { ...NO_USAGE, inputTokens: 10 };
    const details = usageDetails(usage, { unknownCounts: { "usage.foo_seconds": 7 } });
    expect(details).toEqual({ "unknown:usage.foo_seconds": 7 });
    expect(usageOfTrace({ ...traced(usage), usage_details: details! })).toBeUndefined();
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
