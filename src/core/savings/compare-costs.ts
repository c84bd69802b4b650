import { type CostMoments, meanOf, thirdMomentOf, varianceOf } from "./cost-moments.ts";
import { studentQuantile95 } from "./student-quantile.ts";

/** Calls that can be compared: asked for the same thing, and differing only in whether levers could act on them. */
export interface Stratum {
  readonly holdout: CostMoments;
  readonly treated: CostMoments;
}

/** An estimate, and the interval that holds the truth 95 times in 100. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export type Comparison =
  | {
      readonly outcome: "measured";
      /** USD that a treated call costs less than it would have, at the treated calls' own mix. Below zero where it costs more. */
      readonly savedPerCall: Estimate;
      /** The same in percent of what a treated call would have cost. */
      readonly savedPercent: Estimate;
      /** USD per call at the treated calls' mix. */
      readonly holdoutMean: number;
      readonly treatedMean: number;
      /** Treated calls that there are calls of the holdout to compare with. */
      readonly compared: number;
    }
  | { readonly outcome: "unknown"; readonly reason: string; readonly holdoutCalls: number; readonly neededHoldoutCalls: number };

/** In a stratum with fewer, neither mean nor spread is known well enough; its calls are not compared. */
export const LEAST_OF_STRATUM = 10;
/** With fewer in all, no skewness of costs can be told. */
export const LEAST_HOLDOUT = 100;
/** Cochran, Sampling Techniques (1977), section 2.15: a normal interval of a mean wants more than 25 times the squared skewness. */
const COCHRAN = 15;

export function isComparable({ holdout, treated }: Stratum): boolean {
  return holdout.calls >= LEAST_OF_STRATUM && treated.calls >= LEAST_OF_STRATUM;
}

/**
 * What levers save, from calls that they were kept off by chance. Each stratum of the holdout counts as much as it has treated calls
 * (post-stratification), so that a week in which the holdout drew dearer requests is no saving.
 * @param overheadPerCall USD that levers cost beside the calls, per treated call
 */
export function compareCosts(strata: readonly Stratum[], overheadPerCall = 0): Comparison {
  const comparable = strata.filter(isComparable);
  const holdoutCalls = strata.reduce((sum, { holdout }) => sum + holdout.calls, 0);
  const compared = comparable.reduce((sum, { treated }) => sum + treated.calls, 0);
  const used = comparable.reduce((sum, { holdout }) => sum + holdout.calls, 0);
  const neededHoldoutCalls = Math.max(LEAST_HOLDOUT, Math.ceil(COCHRAN * skewnessOf(comparable) ** 2));
  const unknown = (reason: string): Comparison => ({ outcome: "unknown", reason, holdoutCalls, neededHoldoutCalls });
  if (compared === 0) return unknown("no requests of one kind are both in the holdout and outside it often enough");
  if (used < neededHoldoutCalls) return unknown("too few calls in the holdout for costs that differ so much");

  const arms = { holdout: armOf(comparable, compared, "holdout"), treated: armOf(comparable, compared, "treated") };
  const holdoutMean = arms.holdout.mean;
  const treatedMean = arms.treated.mean + overheadPerCall;
  const variance = arms.holdout.variance + arms.treated.variance;
  const reach = studentQuantile95(degreesOf(comparable, compared, variance));
  const saved = holdoutMean - treatedMean;
  const margin = reach * Math.sqrt(variance);
  const middle = saved + skewnessShift(arms.holdout, arms.treated, 1);
  const ratio = ratioOf({ ...arms.treated, mean: treatedMean }, arms.holdout, reach);
  if (!ratio) return unknown("the holdout's cost is not told apart from nothing");
  return {
    outcome: "measured",
    savedPerCall: { value: saved, low: middle - margin, high: middle + margin },
    savedPercent: { value: 100 * (1 - ratio.value), low: 100 * (1 - ratio.high), high: 100 * (1 - ratio.low) },
    ...{ holdoutMean, treatedMean, compared },
  };
}

/** The mean of an arm, and how that mean would vary from week to week. */
interface Arm {
  readonly mean: number;
  readonly variance: number;
  readonly third: number;
}

function armOf(strata: readonly Stratum[], compared: number, arm: keyof Stratum): Arm {
  let [mean, variance, third] = [0, 0, 0];
  for (const stratum of strata) {
    const weight = stratum.treated.calls / compared;
    const calls = stratum[arm].calls;
    mean += weight * meanOf(stratum[arm]);
    variance += weight ** 2 * (varianceOf(stratum[arm]) / calls);
    third += weight ** 3 * (thirdMomentOf(stratum[arm]) / calls ** 2);
  }
  return { mean, variance, third };
}

/**
 * How far the middle of the interval lies from the estimate: a sample of skewed costs that misses a few dear calls is too low and looks too
 * sure of it. First term of Edgeworth's expansion of the studentised mean (Hall 1992, section 2.6), at the 95 % quantile.
 */
function skewnessShift(plus: Arm, minus: Arm, times: number): number {
  const variance = plus.variance + times ** 2 * minus.variance;
  if (variance === 0) return 0;
  const quantile = studentQuantile95(Number.POSITIVE_INFINITY);
  return ((2 * quantile ** 2 + 1) / 6) * ((plus.third - times ** 3 * minus.third) / variance);
}

/** Welch and Satterthwaite's degrees of freedom, over all strata and both arms. */
function degreesOf(strata: readonly Stratum[], compared: number, variance: number): number {
  let sum = 0;
  for (const { holdout, treated } of strata) {
    const weight = treated.calls / compared;
    for (const arm of [holdout, treated]) sum += (weight ** 2 * (varianceOf(arm) / arm.calls)) ** 2 / (arm.calls - 1);
  }
  return sum === 0 ? Number.POSITIVE_INFINITY : variance ** 2 / sum;
}

/** Fieller's interval (1954) of the ratio of two independent means; undefined where the lower one may be 0. */
function ratioOf(over: Arm, under: Arm, reach: number): Estimate | undefined {
  const a = under.mean ** 2 - reach ** 2 * under.variance;
  const b = over.mean * under.mean;
  const c = over.mean ** 2 - reach ** 2 * over.variance;
  if (under.mean <= 0 || a <= 0) return undefined;
  const root = Math.sqrt(Math.max(0, b * b - a * c));
  const value = over.mean / under.mean;
  const shift = skewnessShift(over, under, value) / under.mean;
  return { value, low: (b - root) / a + shift, high: (b + root) / a + shift };
}

/**
 * Of the treated calls' costs within strata. Not of the holdout's: a holdout that by chance has no dear calls would then be the one that is
 * believed. Levers change the shape of costs too, but zeros of cached answers make it more skewed, not less.
 */
function skewnessOf(strata: readonly Stratum[]): number {
  let [calls, second, third] = [0, 0, 0];
  for (const { treated } of strata) {
    calls += treated.calls;
    second += treated.calls * varianceOf(treated);
    third += treated.calls * thirdMomentOf(treated);
  }
  return second === 0 ? 0 : Math.abs(third / calls) / (second / calls) ** 1.5;
}
