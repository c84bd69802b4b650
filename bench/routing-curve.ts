import type { JudgedPrompt } from "../src/core/learned-router/train-router.ts";

/** Accuracy when the prompts that a router puts first go to the strong model, and the others to the weak one. */
export interface RoutingCurve {
  /** Share of the calls that go to the strong model, 0 to 1, and the part of all prompts that is then answered right. */
  readonly points: readonly { readonly strongShare: number; readonly accuracy: number }[];
  readonly weakAccuracy: number;
  readonly strongAccuracy: number;
}

/** As RouteLLM measures: at 0 %, 10 % … 100 % of the calls. */
const STEPS = 10;

/** @param needs one number per prompt: the highest go to the strong model first */
export function routingCurve(prompts: readonly JudgedPrompt[], needs: readonly number[]): RoutingCurve {
  const order = prompts.map((_, index) => index).sort((a, b) => needs[b]! - needs[a]! || a - b);
  const right = (isRight: (prompt: JudgedPrompt) => boolean) => prompts.filter(isRight).length;
  const weak = right(({ weakIsRight }) => weakIsRight);
  let correct = weak;
  let sent = 0;
  const points = Array.from({ length: STEPS + 1 }, (_, step) => {
    const upTo = Math.round((step / STEPS) * prompts.length);
    for (; sent < upTo; sent++) {
      const { weakIsRight, strongIsRight } = prompts[order[sent]!]!;
      correct += Number(strongIsRight) - Number(weakIsRight);
    }
    return { strongShare: step / STEPS, accuracy: correct / prompts.length };
  });
  return { points, weakAccuracy: weak / prompts.length, strongAccuracy: right(({ strongIsRight }) => strongIsRight) / prompts.length };
}

/** Average performance gap recovered: 0 is the weak model, 0.5 what chance gives, and above 1 better than the strong model alone can be. */
export function recoveredGap({ points, weakAccuracy, strongAccuracy }: RoutingCurve): number {
  let area = 0;
  for (const [index, point] of points.entries()) {
    const before = points[index - 1];
    if (before) area += ((point.strongShare - before.strongShare) * (point.accuracy + before.accuracy)) / 2;
  }
  return (area - weakAccuracy) / (strongAccuracy - weakAccuracy);
}

/** Call-performance threshold: the share of the calls that must go to the strong model for this part of the gap, 0 to 1. */
export function callsForGap({ points, weakAccuracy, strongAccuracy }: RoutingCurve, part: number): number {
  const wanted = weakAccuracy + part * (strongAccuracy - weakAccuracy);
  for (const [index, point] of points.entries()) {
    if (point.accuracy < wanted) continue;
    const before = points[index - 1];
    if (!before) return 0;
    const way = (wanted - before.accuracy) / (point.accuracy - before.accuracy);
    return before.strongShare + way * (point.strongShare - before.strongShare);
  }
  return 1;
}
