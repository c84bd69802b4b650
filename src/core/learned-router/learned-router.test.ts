import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededDraws } from "../../std/seeded-draws.ts";
import { learnedComplexity, learnedRouter } from "./learned-router.ts";
import { packWeights, unpackWeights } from "./packed-weights.ts";
import { FEATURE_PLACES, routerFeatures } from "./router-features.ts";
import { complexityOf, scoreOf } from "./score-prompt.ts";
import { calibrate, type JudgedPrompt, trainRouter } from "./train-router.ts";

describe("the learned router", () => {
  it("gives any text the same score each time, within 0 and 1", () => {
    const model = learnedRouter();
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 3000 }), (text) => {
        const score = scoreOf(model, text);
        expect(scoreOf(model, text)).toBe(score);
        expect(score).toBeGreaterThan(0);
        expect(score).toBeLessThan(1);
        const complexity = learnedComplexity(text);
        expect(complexity).toBeGreaterThanOrEqual(0);
        expect(complexity).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("ships with weights that put a legal case before a question of geography", () => {
    const choices = "\nA. Yes\nB. No\nC. Perhaps\nD. Never\nAnswer:";
    const court = "A landowner sued his neighbor in court for trespass. At trial, the plaintiff's attorney offered testimony. ";
    const legal = learnedComplexity(`${court.repeat(8)}Is the court likely to admit the defendant's evidence?${choices}`);
    const plain = learnedComplexity(`Which country has the largest population?${choices}`);
    expect(legal).toBeGreaterThan(plain + 0.3);
  });

  it("takes no longer over a text of a megabyte than its beginning and its end need", () => {
    const different = Array.from({ length: 100_000 }, (_, index) => `w${String.fromCharCode(97 + (index % 26))}${index.toString(36)}`).join(
      " ",
    );
    expect(routerFeatures(different).places.length).toBeLessThan(8192);
    const middle = `${"a ".repeat(5000)}unheard ${"a ".repeat(5000)}`;
    expect(scoreOf(learnedRouter(), middle)).toBe(scoreOf(learnedRouter(), middle.replace("unheard", "unknown")));
  });

  it("rises with the score from 0 to 1 as complexity", () => {
    const model = { ...learnedRouter(), ranks: Array.from({ length: 21 }, (_, index) => 0.1 + index / 100) };
    const expected = [0, 0, 0.5, 0.525, 1, 1];
    for (const [index, score] of [0, 0.1, 0.2, 0.205, 0.3, 0.9].entries())
      expect(complexityOf(model, score)).toBeCloseTo(expected[index]!, 9);
  });

  it("learns which words the weak model fails on, and is right about how often", () => {
    const weights = trainRouter(drawnPrompts(600, 1), seededDraws(1));
    const fresh = drawnPrompts(2000, 2);
    const scored = (calibration: { slope: number; offset: number }) =>
      fresh.map(({ text }) => scoreOf({ weights, calibration, ranks: [] }, text));
    const raw = scored({ slope: 1, offset: 0 }).map((score) => Math.log(score / (1 - score)));
    const calibration = calibrate(
      fresh.map(({ weakIsRight, strongIsRight }, index) => ({
        advantage: raw[index]!,
        onlyStrongIsRight: strongIsRight && !weakIsRight,
      })),
    );
    const scores = scored(calibration);
    const meanOf = (word: string) => {
      const some = scores.filter((_, index) => fresh[index]!.text.includes(word));
      return some.reduce((sum, score) => sum + score, 0) / some.length;
    };
    // Drawn so that only the strong model is right on 80 % of proofs and on 10 % of greetings.
    expect(meanOf("proof")).toBeCloseTo(0.8, 1);
    expect(meanOf("greeting")).toBeCloseTo(0.1, 1);
  });

  it("comes out the same from the same prompts and draws", () => {
    const [one, other] = [1, 1].map(() => trainRouter(drawnPrompts(100, 3), seededDraws(5)));
    expect(one).toEqual(other);
  });

  it("loses at most half a step of its weights in packing", () => {
    const draw = seededDraws(4);
    const weights = Array.from({ length: FEATURE_PLACES }, () => draw() / 2 ** 31 - 1);
    const packed = packWeights(weights);
    const step = Math.max(packed.wordStep, packed.plainStep);
    const worst = unpackWeights(packed).reduce((most, value, index) => Math.max(most, Math.abs(value - weights[index]!)), 0);
    expect(worst).toBeLessThanOrEqual(step / 2 + 1e-12);
  });

  it("refuses weights of another number of features", () => {
    const packed = packWeights(new Float64Array(FEATURE_PLACES));
    expect(() => unpackWeights({ ...packed, plain: packed.plain.slice(0, 8) })).toThrow("train it again");
  });
});

function drawnPrompts(count: number, seed: number): JudgedPrompt[] {
  const draw = seededDraws(seed);
  const happens = (percent: number) => draw() % 100 < percent;
  return Array.from({ length: count }, () => {
    const isProof = happens(50);
    return { text: isProof ? "a proof of it" : "a greeting to it", weakIsRight: !happens(isProof ? 80 : 10), strongIsRight: true };
  });
}
