import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDecimal } from "../money/usd.ts";
import { compare, decimalText } from "../scenario/rational.ts";
import { isDay } from "./backlog-item.ts";
import type { LeverEvidence, LeverEvidenceRow, LeverPrices } from "./lever-evidence.ts";
import { leverCalled, SAVING_LEVERS } from "./saving-lever-list.ts";

const usd = (text: string) => parseDecimal(text, 18)!;

/** 100 calls of a large model: 1000 tokens in for $4, 400 out for $6; half a dollar more than list. */
function aRow(more: Partial<LeverEvidenceRow> = {}): LeverEvidenceRow {
  return {
    provider: "openai",
    model: "gpt-4o",
    calls: 100,
    cached: 0,
    known: {
      calls: 100,
      promptTokens: 1000,
      cacheReadTokens: 0,
      genTokens: 400,
      cost: usd("10"),
      batchCalls: 0,
      unusedCalls: 4,
      unusedCost: usd("1"),
    },
    split: {
      calls: 100,
      inputCost: usd("4"),
      genCost: usd("6"),
      promptTokens: 1000,
      cacheReadTokens: 0,
      genTokens: 400,
      genTokensAbove: 100,
      callsAbove: 10,
    },
    depth: { calls: 0, sum: 0 },
    ...more,
  };
}

/** A hundredth of a dollar a token for large, a tenth of that for small; half of it in a batch, and of cached input. */
const prices: LeverPrices = {
  ratesOf({ model, batch }) {
    const token = model === "gpt-4o" ? usd("0.01") : model === "gpt-4o-mini" ? usd("0.001") : undefined;
    if (token === undefined) return undefined;
    const rate = batch ? token / 2n : token;
    return { input: rate, cacheRead: rate / 2n, output: rate, perRequest: 0n };
  },
};

function expected(lever: string, target: string, evidence: Partial<LeverEvidence> = {}) {
  const plan = leverCalled(lever)!.plan(target)!;
  const found = plan.expect({ rows: [aRow()], genTokensP95: 380, ...evidence }, prices);
  return found.outcome === "computed"
    ? { ...found, saved: decimalText(found.saved, 9, "nearest"), of: decimalText(found.of, 9, "nearest") }
    : found;
}

describe("what a lever is expected to save, from measured calls", () => {
  it("takes a share of what the input cost", () => {
    expect(expected("prompt_compression", "20%")).toMatchObject({
      saved: "0.8",
      of: "10",
      calls: 100,
      baseline: "10 input tokens a call",
      caveats: [],
    });
  });

  it("counts the tokens of each answer beyond the cap, at what a token cost", () => {
    const found = expected("response_cap", "350");
    expect(found).toMatchObject({ saved: "1.5", baseline: "p95 380 output tokens; 10% of the answers are longer than 350" });
    expect(leverCalled("response_cap")!.plan("350")!.capTokens).toBe(350);
  });

  it("prices the same tokens on the small model, and moves only what is missing to the target", () => {
    // 1400 tokens would cost 1.4 in place of 10.
    expect(expected("small_model", "60%:openai/gpt-4o-mini")).toMatchObject({
      saved: "5.16",
      baseline: "0% of the calls go to openai/gpt-4o-mini",
    });
    const small = aRow({ model: "gpt-4o-mini" });
    // Half of the calls are there already: a fifth of the rest is missing.
    expect(expected("small_model", "60%:openai/gpt-4o-mini", { rows: [aRow(), small] })).toMatchObject({ saved: "1.72", of: "20" });
    expect(expected("small_model", "50%:openai/gpt-4o-mini", { rows: [aRow(), small] })).toMatchObject({
      outcome: "unknown",
      reason: "the target is reached already",
    });
    expect(expected("small_model", "60%:openai/gpt-9")).toMatchObject({
      outcome: "unknown",
      reason: "the price book has no price of openai/gpt-9",
    });
  });

  it("says when another model would cost more", () => {
    const cheap = aRow({ known: { ...aRow().known, cost: usd("0.4") } });
    expect(expected("small_model", "100%:openai/gpt-4o-mini", { rows: [cheap] })).toMatchObject({ saved: "-1", of: "0.4" });
  });

  it("saves the calls between the measured and the wanted hit rate", () => {
    // 25 of 125 are hits; 75 would be: half of the calls go.
    expect(expected("answer_cache", "60%", { rows: [aRow({ cached: 25 })] })).toMatchObject({
      saved: "5",
      baseline: "20% of 125 requests are answered from the cache",
    });
    expect(expected("answer_cache", "20%", { rows: [aRow({ cached: 25 })] })).toMatchObject({ outcome: "unknown" });
  });

  it("knows what less depth saves only where depth and cost of retrieval were told", () => {
    const rows = [aRow({ depth: { calls: 10, sum: 80 } })];
    expect(expected("retrieval_depth", "4")).toMatchObject({
      outcome: "unknown",
      reason: expect.stringContaining("says its retrieval depth"),
    });
    expect(expected("retrieval_depth", "4", { rows })).toMatchObject({ outcome: "unknown", baseline: "k 8 on average" });
    expect(expected("retrieval_depth", "4", { rows, retrievalCost: usd("3") })).toMatchObject({ saved: "1.5", of: "3" });
    expect(expected("retrieval_depth", "8", { rows, retrievalCost: usd("3") })).toMatchObject({
      outcome: "unknown",
      reason: "the target is reached already",
    });
  });

  it("prices a share of the calls as batches, of models that have such a price", () => {
    // The list's batch price of 1400 tokens is 7.
    expect(expected("batch", "50%")).toMatchObject({ saved: "1.5", of: "10", caveats: [] });
    const both = { rows: [aRow(), aRow({ model: "o1" })] };
    expect(expected("batch", "50%", both)).toMatchObject({
      saved: "1.5",
      of: "10",
      caveats: [expect.stringContaining("100 calls are left out")],
    });
    expect(expected("batch", "50%", { rows: [aRow({ model: "o1" })] })).toMatchObject({ outcome: "unknown" });
  });

  it("takes the cost of our own tokens off, and knows nothing without it", () => {
    expect(expected("local_model", "15%@1000")).toMatchObject({ saved: "1.29" });
    expect(expected("local_model", "15%")).toMatchObject({ outcome: "unknown", reason: expect.stringContaining("is not said") });
  });

  it("reads the wanted share of the prompt from the provider's cache", () => {
    const known = { ...aRow().known, cacheReadTokens: 100 };
    expect(expected("provider_cache", "50%", { rows: [aRow({ known })] })).toMatchObject({
      saved: "2",
      baseline: "10% of the input tokens are read from the provider's cache",
    });
    expect(expected("provider_cache", "10%", { rows: [aRow({ known })] })).toMatchObject({ outcome: "unknown" });
  });

  it("counts what was paid for and not received", () => {
    expect(expected("unused_answers", "50%")).toMatchObject({
      saved: "0.5",
      baseline: "4 of 100 calls (4%) were paid for and not received whole",
    });
  });
});

describe("every lever", () => {
  it("knows nothing of no calls, and says so", () => {
    for (const lever of SAVING_LEVERS) {
      const found = lever.plan(lever.example)!.expect({ rows: [], genTokensP95: null }, prices);
      expect(found, lever.name).toMatchObject({ outcome: "unknown", calls: 0 });
    }
  });

  it("leaves calls out whose cost is not known, and counts them", () => {
    for (const name of ["prompt_compression", "response_cap", "small_model", "answer_cache", "batch", "provider_cache", "unused_answers"]) {
      const lever = leverCalled(name)!;
      const found = lever.plan(lever.example)!.expect({ rows: [aRow({ calls: 107 })], genTokensP95: 380 }, prices);
      expect(found.outcome === "computed" && found.caveats.join(), name).toContain("7 calls are left out");
    }
  });

  it("takes its own example as a target, and nothing that is none", () => {
    for (const lever of SAVING_LEVERS) {
      expect(lever.plan(lever.example), lever.name).toBeDefined();
      for (const wrong of ["", "soon", "-1", "0%", "101%:x", "1e400", "60%:", "60%:model", "%"])
        expect(lever.plan(wrong), `${lever.name} ${wrong}`).toBeUndefined();
    }
  });

  it("never saves more than the calls cost", () => {
    const count = fc.nat({ max: 1_000_000 });
    const row = fc.record({
      calls: fc.integer({ min: 1, max: 1000 }),
      cached: count,
      prompt: count,
      read: fc.nat(100),
      gen: count,
      above: fc.nat(100),
      cents: count,
      side: fc.nat(100),
      unused: fc.nat(100),
    });
    const rows = fc.array(row, { minLength: 1, maxLength: 4 }).map((all) =>
      all.map(({ calls, cached, prompt, read, gen, above, cents, side, unused }, index): LeverEvidenceRow => {
        const cost = usd("0.01") * BigInt(cents);
        const inputCost = (cost * BigInt(side)) / 100n;
        const cacheReadTokens = Math.floor((prompt * read) / 100);
        const tokens = { promptTokens: prompt, cacheReadTokens, genTokens: gen };
        const known = { calls, ...tokens, cost, batchCalls: 0, unusedCalls: 1, unusedCost: (cost * BigInt(unused)) / 100n };
        const split = {
          calls,
          ...tokens,
          inputCost,
          genCost: cost - inputCost,
          genTokensAbove: Math.floor((gen * above) / 100),
          callsAbove: 1,
        };
        return aRow({ model: index === 0 ? "gpt-4o" : "gpt-4o-mini", calls, cached, known, split });
      }),
    );
    const measured = SAVING_LEVERS.filter(({ name }) => name !== "provider_cache");
    fc.assert(
      fc.property(rows, fc.constantFrom(...measured), (evidence, lever) => {
        const found = lever.plan(lever.example)!.expect({ rows: evidence, genTokensP95: 1 }, prices);
        if (found.outcome === "computed") expect(compare(found.saved, found.of)).toBeLessThanOrEqual(0);
      }),
      { numRuns: 500 },
    );
  });
});

it("knows a day that there is", () => {
  expect(["2026-12-31", "2026-02-30", "soon", "2026-1-1"].map(isDay)).toEqual([true, false, false, false]);
});
