import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ATTO_PER_USD } from "../money/usd.ts";
import { minus, type Rational, rational, reduced, sumOf } from "../scenario/rational.ts";
import { CHANGE_CAUSES, type ChangeCause, explainChange, type ModelUse, OTHER_COMPONENTS, type PeriodUse } from "./explain-change.ts";
import { inUnits, roundParts } from "./round-parts.ts";

const uses = fc
  .record({
    calls: fc.integer({ min: 0, max: 50_000 }),
    promptTokens: fc.integer({ min: 0, max: 9_000_000 }),
    cached: fc.integer({ min: 0, max: 100 }),
    genTokens: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 900_000 })),
    inputAtto: fc.bigInt(0n, 10n ** 21n),
    generationAtto: fc.bigInt(0n, 10n ** 21n),
    cacheReadShare: fc.constantFrom(rational(1n, 10n), rational(1n, 2n), rational(1n), rational(0n)),
  })
  .map(({ cached, ...use }) => ({ ...use, cacheReadTokens: Math.floor((use.promptTokens * cached) / 100) }));

const weeks: fc.Arbitrary<PeriodUse> = fc
  .record({
    models: fc.array(uses, { maxLength: 4 }),
    answeredFromCache: fc.nat(10_000),
    others: fc.record(Object.fromEntries(OTHER_COMPONENTS.map((name) => [name, fc.bigInt(0n, 10n ** 20n)]))) as fc.Arbitrary<
      PeriodUse["others"]
    >,
  })
  .map((week) => ({ ...week, models: week.models.map((use, index) => ({ ...use, model: `model-${index}` })) }));

const plain = (value: Rational) => {
  const { top, bottom } = reduced(value);
  return `${top}/${bottom}`;
};
const sumOfParts = (parts: Readonly<Record<ChangeCause, Rational>>) => sumOf(CHANGE_CAUSES.map((cause) => reduced(parts[cause])));
const costOf = (week: PeriodUse) =>
  week.models.filter(({ calls }) => calls > 0).reduce((sum, use) => sum + use.inputAtto + use.generationAtto, 0n) +
  OTHER_COMPONENTS.reduce((sum, name) => sum + week.others[name], 0n);

describe("why a cost changed", () => {
  it("has parts that add up exactly to the change of the total and of a request, and to what both weeks cost", { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(weeks, weeks, (before, after) => {
        const change = explainChange(before, after);
        if (!change) return;
        const { total, perRequest } = change;
        expect(plain(total.before)).toBe(plain(rational(costOf(before), ATTO_PER_USD)));
        expect(plain(total.after)).toBe(plain(rational(costOf(after), ATTO_PER_USD)));
        expect(plain(sumOfParts(total.parts))).toBe(plain(minus(total.after, total.before)));
        expect(plain(sumOfParts(perRequest.parts))).toBe(plain(minus(perRequest.after, perRequest.before)));
        expect(plain(perRequest.parts.volume)).toBe("0/1");
        const { sum, parts } = roundParts(CHANGE_CAUSES.map((cause) => inUnits(perRequest.parts[cause], 12)));
        expect(parts.reduce((all, part) => all + part, 0n)).toBe(sum);
      }),
      { numRuns: 25 },
    );
  });

  it("negates every part when the weeks are swapped, to the last digit that is shown", { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(weeks, weeks, (before, after) => {
        const [there, back] = [explainChange(before, after), explainChange(after, before)];
        if (!there || !back) return;
        for (const which of ["total", "perRequest"] as const) {
          const shown = (parts: Readonly<Record<ChangeCause, Rational>>) =>
            roundParts(CHANGE_CAUSES.map((cause) => inUnits(parts[cause], 12))).parts;
          for (const cause of CHANGE_CAUSES) {
            expect(plain(back[which].parts[cause])).toBe(plain(minus(rational(0n), there[which].parts[cause])));
          }
          expect(shown(back[which].parts)).toEqual(shown(there[which].parts).map((part) => (part === 0n ? 0n : -part)));
        }
      }),
      { numRuns: 15 },
    );
  });

  it("has nothing but zeros when nothing changed", () => {
    fc.assert(
      fc.property(weeks, (week) => {
        const change = explainChange(week, week);
        if (!change) return;
        for (const cause of CHANGE_CAUSES) expect([cause, plain(change.total.parts[cause])]).toEqual([cause, "0/1"]);
      }),
      { numRuns: 12 },
    );
  });

  const MICRO = 10n ** 12n;
  const aUse = (more: Partial<ModelUse> = {}): ModelUse => ({
    model: "small",
    calls: 1000,
    promptTokens: 1_000_000,
    cacheReadTokens: 0,
    genTokens: 100_000,
    inputAtto: 1_000_000n * MICRO,
    generationAtto: 400_000n * MICRO,
    cacheReadShare: rational(1n, 10n),
    ...more,
  });
  const aWeek = (models: readonly ModelUse[], answeredFromCache = 0, others: Partial<PeriodUse["others"]> = {}): PeriodUse => ({
    models,
    answeredFromCache,
    others: { retrieval: 0n, rerank: 0n, vector_io: 0n, orchestration: 0n, human: 0n, ...others },
  });
  const causesOf = (before: PeriodUse, after: PeriodUse, which: "total" | "perRequest" = "perRequest") => {
    const { parts } = explainChange(before, after)![which];
    return CHANGE_CAUSES.filter((cause) => parts[cause].top !== 0n);
  };

  it("names the one cause where there is one", () => {
    const before = aWeek([aUse()]);
    const twice = aUse({
      calls: 2000,
      promptTokens: 2_000_000,
      genTokens: 200_000,
      inputAtto: 2_000_000n * MICRO,
      generationAtto: 800_000n * MICRO,
    });
    expect(causesOf(before, aWeek([twice]))).toEqual([]);
    expect(causesOf(before, aWeek([twice]), "total")).toEqual(["volume"]);
    expect(causesOf(before, aWeek([aUse({ inputAtto: 2_000_000n * MICRO })]))).toEqual(["price"]);
    expect(causesOf(before, aWeek([aUse({ promptTokens: 2_000_000, inputAtto: 2_000_000n * MICRO })]))).toEqual(["input_length"]);
    expect(causesOf(before, aWeek([aUse({ genTokens: 50_000, generationAtto: 200_000n * MICRO })]))).toEqual(["output_length"]);
    // Half of the input at a tenth: 0.55 of its cost.
    expect(causesOf(before, aWeek([aUse({ cacheReadTokens: 500_000, inputAtto: 550_000n * MICRO })]))).toEqual(["cached_input"]);
    const half = aUse({
      calls: 500,
      promptTokens: 500_000,
      genTokens: 50_000,
      inputAtto: 500_000n * MICRO,
      generationAtto: 200_000n * MICRO,
    });
    expect(causesOf(before, aWeek([half], 500))).toEqual(["answered_from_cache"]);
    expect(causesOf(before, aWeek([], 7))).toEqual(["answered_from_cache"]);
    const large = { ...half, model: "large", inputAtto: 9_000_000n * MICRO };
    expect(causesOf(before, aWeek([half, large]))).toEqual(["mix"]);
    expect(causesOf(before, aWeek([aUse()], 0, { retrieval: 5n, human: 7n }))).toEqual(["retrieval", "human"]);
  });

  it("adds up where all input came from a cache that costs nothing", () => {
    const free = aUse({ cacheReadTokens: 1_000_000, inputAtto: 0n, cacheReadShare: rational(0n) });
    const { perRequest } = explainChange(aWeek([aUse()]), aWeek([free]))!;
    expect(plain(sumOfParts(perRequest.parts))).toBe(plain(minus(perRequest.after, perRequest.before)));
  });

  it("shares what two causes changed together equally", () => {
    const before = aWeek([], 10, { orchestration: 100n * ATTO_PER_USD });
    const after = aWeek([], 20, { orchestration: 400n * ATTO_PER_USD });
    const { parts } = explainChange(before, after)!.total;
    // From 10 x 10 to 20 x 20: volume alone 100, price alone 100, both together another 100.
    expect([plain(parts.volume), plain(parts.orchestration)]).toEqual(["150/1", "150/1"]);
  });

  it("has nothing to say where a week had no requests", () => {
    expect(explainChange(aWeek([]), aWeek([aUse()]))).toBeUndefined();
  });
});
