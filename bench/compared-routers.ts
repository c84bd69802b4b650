import { sigmoid } from "../src/core/learned-router/score-prompt.ts";
import { calibrate } from "../src/core/learned-router/train-router.ts";
import { heuristicComplexity, type PromptFacts } from "../src/core/routing/complexity.ts";
import { seededDraws } from "../src/std/seeded-draws.ts";
import { FOLDS, groupedFolds, outOfFoldAdvantages, randomFolds } from "./cross-validate.ts";
import type { RecordedPrompt } from "./judged-prompts.ts";

/** A way to say how much each prompt needs the strong model. */
export interface ComparedRouter {
  readonly name: string;
  needs(prompts: readonly RecordedPrompt[], seed: number): number[];
}

export const COMPARED_ROUTERS: readonly ComparedRouter[] = [
  { name: "random", needs: (prompts, seed) => ((draw) => prompts.map(() => draw()))(seededDraws(seed)) },
  { name: "longest first", needs: (prompts) => prompts.map(({ text }) => text.length) },
  { name: "heuristic", needs: (prompts) => prompts.map(({ text }) => heuristicComplexity(factsOf(text))) },
  { name: "learned", needs: (prompts, seed) => outOfFoldAdvantages(prompts, seed) },
  {
    // GSM8K is one subject: its questions are then judged by a router that has seen none of them.
    name: "learned, subject never seen",
    needs: (prompts, seed) =>
      outOfFoldAdvantages(
        prompts,
        seed,
        groupedFolds(
          prompts.map(({ subject }) => subject),
          seed,
        ),
      ),
  },
  { name: "oracle", needs: (prompts) => prompts.map(({ weakIsRight, strongIsRight }) => Number(strongIsRight) - Number(weakIsRight)) },
];

/** A call of one user's turn and nothing else. */
function factsOf(text: string): PromptFacts {
  return { lastWords: text, characters: text.length, userTurns: 1, tools: 0, structured: false, images: 0 };
}

/**
 * How far scores are from what came true, in points of a hundred: in ten groups of rising scores, the mean difference between the score and
 * the part of the prompts that only the strong model answered right. Calibrated on other folds than it is measured on.
 */
export function calibrationError(prompts: readonly RecordedPrompt[], seed: number): number {
  const folds = randomFolds(prompts.length, seed);
  const judged = outOfFoldAdvantages(prompts, seed, folds).map((advantage, index) => {
    const { weakIsRight, strongIsRight } = prompts[index]!;
    return { advantage, onlyStrongIsRight: strongIsRight && !weakIsRight, fold: folds[index]! };
  });
  const scored = Array.from({ length: FOLDS }, (_, fold) => {
    const { slope, offset } = calibrate(judged.filter((each) => each.fold !== fold));
    return judged.flatMap(({ advantage, onlyStrongIsRight, fold: own }) =>
      own === fold ? [{ score: sigmoid(slope * advantage + offset), came: Number(onlyStrongIsRight) }] : [],
    );
  }).flat();
  scored.sort((a, b) => a.score - b.score);
  let off = 0;
  for (let group = 0; group < 10; group++) {
    const part = scored.slice(Math.floor((group * scored.length) / 10), Math.floor(((group + 1) * scored.length) / 10));
    off += Math.abs(part.reduce((sum, { score, came }) => sum + score - came, 0));
  }
  return (100 * off) / scored.length;
}
