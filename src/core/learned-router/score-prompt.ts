import type { RouterFeatures } from "./router-features.ts";
import { routerFeatures } from "./router-features.ts";

/** One weight per feature place and head: how likely the weak and the strong model are right. */
export interface RouterWeights {
  readonly weak: ArrayLike<number>;
  readonly strong: ArrayLike<number>;
}

export interface RouterModel {
  readonly weights: RouterWeights;
  readonly calibration: { readonly slope: number; readonly offset: number };
  /** Scores of the prompts that were learned from, at 0 %, 5 % … 100 % of them. */
  readonly ranks: readonly number[];
}

/**
 * How likely it is that only the strong model answers a text right, 0 to 1: among many texts with a score of 0.2, the weak model alone
 * would cost two right answers in ten, less the few that only it has right.
 */
export function scoreOf(model: RouterModel, text: string): number {
  const { slope, offset } = model.calibration;
  return sigmoid(slope * advantageOf(model.weights, routerFeatures(text)) + offset);
}

/** The score as a complexity: the part of the prompts that were learned from which have a lower score, 0 to 1. */
export function complexityOf({ ranks }: RouterModel, score: number): number {
  const above = ranks.findIndex((rank) => rank > score);
  if (above === 0) return 0;
  if (above < 0) return 1;
  const [low, high] = [ranks[above - 1]!, ranks[above]!];
  return (above - 1 + (score - low) / (high - low)) / (ranks.length - 1);
}

/** By how much the strong model is likelier to be right than the weak one, -1 to 1. */
export function advantageOf({ weak, strong }: RouterWeights, features: RouterFeatures): number {
  return sigmoid(sumOf(strong, features)) - sigmoid(sumOf(weak, features));
}

function sumOf(weights: ArrayLike<number>, { places, amounts }: RouterFeatures): number {
  let sum = 0;
  for (const [index, place] of places.entries()) sum += weights[place]! * amounts[index]!;
  return sum;
}

export function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}
