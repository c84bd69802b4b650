import { FEATURE_PLACES, type RouterFeatures, routerFeatures } from "./router-features.ts";
import type { RouterModel, RouterWeights } from "./score-prompt.ts";
import { advantageOf, sigmoid } from "./score-prompt.ts";

/** A prompt that both models answered, and whether each was right. */
export interface JudgedPrompt {
  readonly text: string;
  readonly weakIsRight: boolean;
  readonly strongIsRight: boolean;
}

/** Chosen on cross-validated results; docs/concepts/learned-router.md says what that is worth. */
const PASSES = 6;
const RATE = 0.05;
const SHRINKAGE = 3e-4;

/**
 * Two logistic regressions over the same features: whether the weak model is right, and whether the strong one is. Stochastic gradient
 * descent with AdaGrad's steps (Duchi et al. 2011), averaged over the second half of the passes.
 * @param draw whole numbers from 0 up to 2^32: the order in which prompts are seen
 */
export function trainRouter(prompts: readonly JudgedPrompt[], draw: () => number): RouterWeights {
  const examples = prompts.map((prompt) => ({ ...prompt, features: routerFeatures(prompt.text) }));
  return {
    weak: trainHead(examples, ({ weakIsRight }) => weakIsRight, draw),
    strong: trainHead(examples, ({ strongIsRight }) => strongIsRight, draw),
  };
}

interface Example extends JudgedPrompt {
  readonly features: RouterFeatures;
}

function trainHead(examples: readonly Example[], isRight: (example: Example) => boolean, draw: () => number): Float64Array {
  const weights = new Float64Array(FEATURE_PLACES);
  const squares = new Float64Array(FEATURE_PLACES).fill(1e-6);
  const average = new Float64Array(FEATURE_PLACES);
  const order = examples.map((_, index) => index);
  const averaged = Math.ceil(PASSES / 2);
  for (let pass = 0; pass < PASSES; pass++) {
    shuffle(order, draw);
    for (const index of order) {
      const example = examples[index]!;
      step(weights, squares, example.features, isRight(example) ? 1 : 0);
    }
    if (pass >= PASSES - averaged) for (const [place, weight] of weights.entries()) average[place]! += weight / averaged;
  }
  return average;
}

function step(weights: Float64Array, squares: Float64Array, { places, amounts }: RouterFeatures, truth: number): void {
  let sum = 0;
  for (const [index, place] of places.entries()) sum += weights[place]! * amounts[index]!;
  const error = sigmoid(sum) - truth;
  for (const [index, place] of places.entries()) {
    const gradient = error * amounts[index]! + SHRINKAGE * weights[place]!;
    squares[place]! += gradient * gradient;
    weights[place]! -= (RATE * gradient) / Math.sqrt(squares[place]!);
  }
}

export function shuffle<T>(list: T[], draw: () => number): void {
  for (let index = list.length - 1; index > 0; index--) {
    const other = draw() % (index + 1);
    [list[index], list[other]] = [list[other]!, list[index]!];
  }
}

/**
 * Turns advantages into chances (Platt 1999): how often the strong model alone was right among prompts of such an advantage.
 * @param judged advantages of prompts that the weights were not trained on
 */
export function calibrate(
  judged: readonly { readonly advantage: number; readonly onlyStrongIsRight: boolean }[],
): RouterModel["calibration"] {
  let [slope, offset] = [1, -1];
  for (let round = 0; round < 50; round++) {
    // Newton's method on two numbers; the second derivatives are those of a logistic regression, so it converges from anywhere near.
    let [g0, g1, h00, h01, h11] = [0, 0, 1e-9, 0, 1e-9];
    for (const { advantage, onlyStrongIsRight } of judged) {
      const chance = sigmoid(slope * advantage + offset);
      const error = chance - (onlyStrongIsRight ? 1 : 0);
      const spread = chance * (1 - chance);
      g0 += error * advantage;
      g1 += error;
      h00 += spread * advantage * advantage;
      h01 += spread * advantage;
      h11 += spread;
    }
    const determinant = h00 * h11 - h01 * h01;
    slope -= (h11 * g0 - h01 * g1) / determinant;
    offset -= (h00 * g1 - h01 * g0) / determinant;
  }
  return { slope, offset };
}

/** The scores below which each twentieth of the prompts lies, from 0 to 1. */
export function rankScores(scores: readonly number[]): number[] {
  const sorted = [...scores].sort((a, b) => a - b);
  return Array.from({ length: 21 }, (_, index) => sorted[Math.round((index / 20) * (sorted.length - 1))]!);
}

export function advantages(weights: RouterWeights, prompts: readonly JudgedPrompt[]): number[] {
  return prompts.map(({ text }) => advantageOf(weights, routerFeatures(text)));
}
