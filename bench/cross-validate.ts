import { advantages, type JudgedPrompt, shuffle, trainRouter } from "../src/core/learned-router/train-router.ts";
import { seededDraws } from "../src/std/seeded-draws.ts";

export const FOLDS = 5;

/** Which fold each prompt is in; folds of the same size, at random by seed. */
export function randomFolds(count: number, seed: number): number[] {
  const order = Array.from({ length: count }, (_, index) => index);
  shuffle(order, seededDraws(seed));
  const folds = new Array<number>(count);
  for (const [place, index] of order.entries()) folds[index] = place % FOLDS;
  return folds;
}

/** Whole groups in one fold each: a prompt is then judged by a router that saw nothing of its group. */
export function groupedFolds(groups: readonly string[], seed: number): number[] {
  const names = [...new Set(groups)].sort();
  const foldOf = new Map(randomFolds(names.length, seed).map((fold, index) => [names[index]!, fold]));
  return groups.map((name) => foldOf.get(name)!);
}

/** What a router that was trained without a prompt's fold says of it. */
export function outOfFoldAdvantages(
  prompts: readonly JudgedPrompt[],
  seed: number,
  folds: readonly number[] = randomFolds(prompts.length, seed),
): number[] {
  const found = new Array<number>(prompts.length);
  for (const fold of new Set(folds)) {
    const weights = trainRouter(
      prompts.filter((_, index) => folds[index] !== fold),
      seededDraws(seed),
    );
    const held = prompts.flatMap((_, index) => (folds[index] === fold ? [index] : []));
    const values = advantages(
      weights,
      held.map((index) => prompts[index]!),
    );
    for (const [place, index] of held.entries()) found[index] = values[place]!;
  }
  return found;
}
