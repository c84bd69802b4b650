import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isConsistent, partitionUsage } from "./partition-usage.ts";
import { NO_USAGE, type Usage } from "./usage.ts";

const usages = fc.record(
  Object.fromEntries(
    Object.keys(NO_USAGE).map((key) => [
      key,
      fc.nat(key === "inputTokens" || key === "outputTokens" ? 200 : /^cache(Audio|Image|Video)/.test(key) ? 9 : 40),
    ]),
  ),
) as unknown as fc.Arbitrary<Usage>;

const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);

describe("partitionUsage", () => {
  it("counts every token once, and none below zero, whatever parts overlap", () => {
    let partitioned = 0;
    fc.assert(
      fc.property(usages, (usage) => {
        const parts = partitionUsage(usage);
        if (!parts) return;
        partitioned += 1;
        const { output, outputAudio, outputImage, outputVideo, reasoning, citation, ...input } = parts;
        expect(sum(Object.values(input))).toBe(usage.inputTokens);
        expect(sum([output, outputAudio, outputImage, outputVideo, reasoning, citation])).toBe(usage.outputTokens);
        expect(Math.min(...Object.values(parts))).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 20_000 },
    );
    expect(partitioned).toBeGreaterThan(100);
  });

  it("tells cached pictures and clips from the others, where the provider does", () => {
    const read = { cacheReadTokens: 60, cacheImageReadTokens: 20, cacheVideoReadTokens: 30 };
    const usage = { ...NO_USAGE, inputTokens: 200, inputImageTokens: 50, inputVideoTokens: 70, ...read };
    const parts = { input: 70, inputImage: 30, inputVideo: 40, cacheRead: 10, cacheImageRead: 20, cacheVideoRead: 30 };
    expect(partitionUsage(usage)).toMatchObject(parts);
  });

  it("takes tokens that were written to a cache and read in the same call for plain input", () => {
    const usage = { ...NO_USAGE, inputTokens: 2_168, cacheReadTokens: 2_161, cacheWriteTokens: 2_161 };
    expect(partitionUsage(usage)).toMatchObject({ input: 2_154, cacheRead: 7, cacheWrite: 7 });
  });

  it("refuses a usage whose part is larger than its whole", () => {
    expect(partitionUsage({ ...NO_USAGE, inputTokens: 1, cacheReadTokens: 2 })).toBeUndefined();
    expect(partitionUsage({ ...NO_USAGE, outputTokens: 1, outputAudioTokens: 2 })).toBeUndefined();
    expect(
      partitionUsage({ ...NO_USAGE, inputTokens: 9, cacheReadTokens: 5, inputVideoTokens: 1, cacheVideoReadTokens: 2 }),
    ).toBeUndefined();
    expect(isConsistent({ ...NO_USAGE, inputTokens: -1 })).toBe(false);
    for (const count of Object.keys(NO_USAGE)) expect([count, isConsistent({ ...NO_USAGE, [count]: Number.NaN })]).toEqual([count, false]);
    expect(isConsistent({ ...NO_USAGE, units: { seats: 1.5 } })).toBe(false);
  });
});
