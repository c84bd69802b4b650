import { centralPoint, evaluateScenario, type Point, type Scenario } from "./evaluate-scenario.ts";
import { add, compare, minus, ONE, over, type Rational, sumOf, times, ZERO } from "./rational.ts";
import type { FigureName } from "./scenario-inputs.ts";
import { isRange, type Spread } from "./spread.ts";
import type { WorkSteps } from "./work-steps.ts";

/** What one number weighs: the run-rate at its low and its high value, all others being at their likeliest. */
export interface SensitivityBar {
  readonly figure: FigureName | "ucr_usd";
  readonly low: Rational;
  readonly high: Rational;
  readonly runRateLow: Rational;
  readonly runRateHigh: Rational;
}

/**
 * One bar for each number that moves the run-rate of a month, the longest first: a tornado.
 * A number with a range goes over its range, any other by the swing up and down; shares stay between 0 and 1, and a share of the mix takes
 * from the other models in proportion to what they have.
 */
export function* sensitivityOf(scenario: Scenario, swing: Rational): WorkSteps<SensitivityBar[]> {
  const central = centralPoint(scenario);
  const spreads = new Map<FigureName | "ucr_usd", Spread>(scenario.figures);
  if (scenario.statedUcr) spreads.set("ucr_usd", scenario.statedUcr);
  const bars: SensitivityBar[] = [];
  for (const [figure, spread] of spreads) {
    const [low, high] = endsOf(figure, spread, swing, scenario.models.length);
    if (compare(low, high) === 0) continue;
    const at = (value: Rational) => evaluateScenario(scenario, moved(central, figure, value, scenario.models)).runRate;
    const [runRateLow, runRateHigh] = [at(low), at(high)];
    if (compare(runRateLow, runRateHigh) !== 0) bars.push({ figure, low, high, runRateLow, runRateHigh });
    yield;
  }
  return bars.sort((one, other) => compare(lengthOf(other), lengthOf(one)));
}

function lengthOf({ runRateLow, runRateHigh }: SensitivityBar): Rational {
  return compare(runRateLow, runRateHigh) < 0 ? minus(runRateHigh, runRateLow) : minus(runRateLow, runRateHigh);
}

function endsOf(figure: string, spread: Spread, swing: Rational, models: number): [Rational, Rational] {
  const { low, likely, high } = spread;
  // The growth of later months moves nothing in the first one.
  if (figure === "growth" || (figure.startsWith("mix.") && models < 2)) return [likely, likely];
  if (isRange(spread)) return [low, high];
  const up = times(likely, add(ONE, swing));
  const isShare = figure === "cache_hit" || figure.startsWith("mix.");
  return [times(likely, minus(ONE, swing)), isShare && compare(up, ONE) > 0 ? ONE : up];
}

/** The point with one number changed. For a share of the mix the others are scaled, so that the sum stays what it was. */
export function moved(point: Point, figure: FigureName | "ucr_usd", value: Rational, models: readonly string[]): Point {
  const after = new Map(point).set(figure, value);
  if (!figure.startsWith("mix.")) return after;
  const others = models.filter((model) => `mix.${model}` !== figure);
  const before = sumOf(others.map((model) => point.get(`mix.${model}`) ?? ZERO));
  const whole = add(before, point.get(figure) ?? ZERO);
  if (before.top === 0n) return point;
  const factor = over(minus(whole, value), before);
  if (factor.top < 0n) return point;
  for (const model of others) after.set(`mix.${model}`, times(point.get(`mix.${model}`) ?? ZERO, factor));
  return after;
}
