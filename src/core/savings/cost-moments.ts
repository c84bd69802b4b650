/** What is known of the costs of some calls: enough for mean, spread and skewness. Statistics only: nothing here is ever booked. */
export interface CostMoments {
  readonly calls: number;
  /** Sums of the costs in USD, of their squares and of their cubes. */
  readonly sum: number;
  readonly squares: number;
  readonly cubes: number;
}

export const NO_MOMENTS: CostMoments = { calls: 0, sum: 0, squares: 0, cubes: 0 };

export function addMoments(one: CostMoments, other: CostMoments): CostMoments {
  return {
    calls: one.calls + other.calls,
    sum: one.sum + other.sum,
    squares: one.squares + other.squares,
    cubes: one.cubes + other.cubes,
  };
}

export function momentsOf(costs: Iterable<number>): CostMoments {
  let [calls, sum, squares, cubes] = [0, 0, 0, 0];
  for (const cost of costs) {
    calls += 1;
    sum += cost;
    squares += cost * cost;
    cubes += cost * cost * cost;
  }
  return { calls, sum, squares, cubes };
}

export function meanOf({ calls, sum }: CostMoments): number {
  return sum / calls;
}

/** Of the population that the calls are a sample of; 0 of a single call, which says nothing about spread. */
export function varianceOf({ calls, sum, squares }: CostMoments): number {
  if (calls < 2) return 0;
  // Rounding may bring what is 0 a little below it.
  return Math.max(0, (squares - (sum * sum) / calls) / (calls - 1));
}

/** The third central moment. */
export function thirdMomentOf({ calls, sum, squares, cubes }: CostMoments): number {
  if (calls === 0) return 0;
  const mean = sum / calls;
  return (cubes - 3 * mean * squares) / calls + 2 * mean ** 3;
}
