import { ARM_LEVERS, type Arm, armKey, placeOf } from "./arm-grid.ts";
import type { CostEvidence } from "./optimiser-state.ts";

/** What a call at an arm is believed to cost, as a logarithm. */
export interface Belief {
  readonly mean: number;
  readonly deviation: number;
}

/* Variances of logarithms. A value of a lever moves the cost by some 50 %, what levers do beyond their own parts by some 10 %. */
const ANY_COST = 100;
const ONE_VALUE = 0.25;
const TOGETHER = 0.01;
/** Of the cost of one call around its mean; and of a trial, however many calls it has. */
const ONE_CALL = 1;
const ONE_TRIAL = 0.0009;

/**
 * A Gaussian process over arms: what a value of a lever did in one arm is expected of it in all others, so that most arms need no trial.
 * @returns the belief about any arm
 */
export function costBelief(evidence: readonly CostEvidence[]): (arm: Arm) => Belief {
  const known = evidence.filter(({ weight }) => weight > 0);
  const centre = known.length === 0 ? 0 : known.reduce((sum, one) => sum + one.sum / one.weight, 0) / known.length;
  const covariance = known.map((one, row) =>
    known.map((other, column) => kinship(one.arm, other.arm) + (row === column ? ONE_CALL / one.weight + ONE_TRIAL : 0)),
  );
  const lower = cholesky(covariance);
  const weights = solve(
    lower,
    known.map(({ weight, sum }) => sum / weight - centre),
  );
  return (arm) => {
    const near = known.map((one) => kinship(one.arm, arm));
    const mean = near.reduce((sum, value, index) => sum + value * weights[index]!, centre);
    const explained = forward(lower, near).reduce((sum, value) => sum + value * value, 0);
    return { mean, deviation: Math.sqrt(Math.max(0, kinship(arm, arm) - explained)) };
  };
}

function kinship(one: Arm, other: Arm): number {
  const shared = ARM_LEVERS.filter((lever) => placeOf(one, lever) > 0 && placeOf(one, lever) === placeOf(other, lever)).length;
  return ANY_COST + ONE_VALUE * shared + (armKey(one) === armKey(other) ? TOGETHER : 0);
}

/** The lower triangle whose product with itself is the matrix, which is positive definite by the noise on its diagonal. */
function cholesky(matrix: readonly (readonly number[])[]): number[][] {
  const lower: number[][] = [];
  for (const [row, values] of matrix.entries()) {
    lower.push([]);
    for (let column = 0; column <= row; column++) {
      const rest = values[column]! - lower[row]!.reduce((sum, value, index) => sum + value * lower[column]![index]!, 0);
      lower[row]!.push(column === row ? Math.sqrt(Math.max(1e-12, rest)) : rest / lower[column]![column]!);
    }
  }
  return lower;
}

function forward(lower: readonly (readonly number[])[], right: readonly number[]): number[] {
  const found: number[] = [];
  for (const [row, values] of lower.entries()) {
    const rest = right[row]! - found.reduce((sum, value, index) => sum + value * values[index]!, 0);
    found.push(rest / values[row]!);
  }
  return found;
}

function solve(lower: readonly (readonly number[])[], right: readonly number[]): number[] {
  const found = forward(lower, right);
  for (let row = lower.length - 1; row >= 0; row--) {
    for (let below = row + 1; below < lower.length; below++) found[row]! -= lower[below]![row]! * found[below]!;
    found[row]! /= lower[row]![row]!;
  }
  return found;
}
