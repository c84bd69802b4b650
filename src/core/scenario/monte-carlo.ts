import { invariant } from "../invariant.ts";
import { evaluateScenario, type Scenario } from "./evaluate-scenario.ts";
import { compare, over, type Rational, rational, sumOf, toAtto } from "./rational.ts";
import type { FigureName } from "./scenario-inputs.ts";
import { draw, isRange, type NextDraw } from "./spread.ts";
import type { WorkSteps } from "./work-steps.ts";

export interface DrawnRange {
  readonly p5: Rational;
  readonly p50: Rational;
  readonly p95: Rational;
  readonly mean: Rational;
}

export interface MonteCarlo {
  readonly draws: number;
  readonly ucr: DrawnRange;
  readonly runRate: DrawnRange;
}

/**
 * Draws every number that is a range, independently of the others, and tells where the costs fall. The caller's sequence decides, so
 * the same seed gives the same figures; numbers are drawn in the order of the scenario's figures.
 * @returns undefined when nothing is a range: there is then one answer and no chance
 */
export function* monteCarlo(scenario: Scenario, draws: number, next: NextDraw): WorkSteps<MonteCarlo | undefined> {
  const { figures, statedUcr } = scenario;
  if (![...figures.values(), ...(statedUcr ? [statedUcr] : [])].some(isRange)) return undefined;
  const [ucrs, runRates]: [Rational[], Rational[]] = [[], []];
  for (let drawn = 0; drawn < draws; drawn++) {
    const point = new Map<FigureName | "ucr_usd", Rational>();
    for (const [name, spread] of figures) point.set(name, draw(spread, next));
    if (statedUcr) point.set("ucr_usd", draw(statedUcr, next));
    const { ucr, runRate } = evaluateScenario(scenario, point);
    ucrs.push(toAtto(ucr));
    runRates.push(toAtto(runRate));
    if (drawn % DRAWS_A_STEP === 0) yield;
  }
  return { draws, ucr: rangeOf(ucrs), runRate: rangeOf(runRates) };
}

const DRAWS_A_STEP = 20;

/** Percentiles by nearest rank: each is a value that was drawn. */
function rangeOf(values: readonly Rational[]): DrawnRange {
  const sorted = [...values].sort(compare);
  const at = (percent: number): Rational => {
    const value = sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)];
    invariant(value !== undefined, "a percentile of nothing");
    return value;
  };
  return { p5: at(5), p50: at(50), p95: at(95), mean: over(sumOf(sorted), rational(BigInt(sorted.length))) };
}
