import { type Estimate, isComparable } from "./compare-costs.ts";
import { type CostMoments, meanOf, varianceOf } from "./cost-moments.ts";
import { solveSymmetric } from "./solve-symmetric.ts";
import { studentQuantile95 } from "./student-quantile.ts";

/** A stratum whose treated calls are told apart by which levers changed them. */
export interface LeverStratum {
  readonly holdout: CostMoments;
  readonly cells: readonly { readonly levers: readonly string[]; readonly moments: CostMoments }[];
}

export type LeverPart =
  | {
      readonly lever: string;
      readonly outcome: "estimated";
      readonly calls: number;
      /** Percent of what all compared treated calls would have cost. */
      readonly savedPercent: Estimate;
      /** USD over all compared treated calls. */
      readonly savedUsd: number;
    }
  | { readonly lever: string; readonly outcome: "unknown"; readonly calls: number; readonly reason: string };

/**
 * Which part of the saving is whose. Levers choose the calls that they change, so a changed call is compared with the holdout of its
 * stratum and not with the calls that were left as they were; where several changed a call, least squares finds the share of a call's cost
 * that each takes off, the same in all strata. What that leaves unexplained is not given to anybody.
 */
export function leverParts(strata: readonly LeverStratum[]): LeverPart[] {
  const cells = strata.filter((stratum) => isComparable({ holdout: stratum.holdout, treated: { ...allOf(stratum) } })).flatMap(cellsOf);
  const calls = new Map<string, number>();
  for (const { levers, moments } of strata.flatMap((stratum) => stratum.cells))
    for (const lever of levers) calls.set(lever, (calls.get(lever) ?? 0) + moments.calls);
  const names = [...calls.keys()].sort();
  const compared = names.filter((name) => cells.some(({ levers }) => levers.includes(name)));
  const matrix = compared.map((row) =>
    compared.map((column) => sumOver(cells, (cell) => cell.calls * weightOf(cell, row) * weightOf(cell, column))),
  );
  const inverse = solveSymmetric(matrix);
  const whole = sumOver(cells, (cell) => cell.calls * cell.base);
  return names.map((lever) => {
    const own = { lever, calls: calls.get(lever)! };
    const index = compared.indexOf(lever);
    if (index < 0 || whole <= 0)
      return { ...own, outcome: "unknown", reason: "its calls are of kinds that the holdout has too few calls of" };
    const row = inverse[index];
    if (!row) return { ...own, outcome: "unknown", reason: "it always acts together with another lever, so the two cannot be told apart" };
    return { ...own, outcome: "estimated", ...estimateOf(cells, compared, row, lever, whole) };
  });
}

interface Cell {
  readonly levers: readonly string[];
  readonly calls: number;
  readonly mean: number;
  readonly variance: number;
  /** What such a call costs in the holdout, and how surely. */
  readonly base: number;
  readonly baseVariance: number;
  readonly stratum: LeverStratum;
}

function cellsOf(stratum: LeverStratum): Cell[] {
  const [base, baseVariance] = [meanOf(stratum.holdout), varianceOf(stratum.holdout) / stratum.holdout.calls];
  return stratum.cells.map(({ levers, moments }) => {
    return {
      levers,
      calls: moments.calls,
      mean: meanOf(moments),
      variance: varianceOf(moments) / moments.calls,
      base,
      baseVariance,
      stratum,
    };
  });
}

function allOf({ cells }: LeverStratum): CostMoments {
  const calls = cells.reduce((sum, { moments }) => sum + moments.calls, 0);
  return { calls, sum: 0, squares: 0, cubes: 0 };
}

/** What a lever can take off a call of the cell: its cost, or nothing where the lever did not change it. */
function weightOf({ levers, base }: Cell, lever: string): number {
  return levers.includes(lever) ? base : 0;
}

/** The lever's saving is a sum of the cells' savings, each with a factor; so is its variance. The holdout of a stratum is shared by its cells. */
function estimateOf(cells: readonly Cell[], names: readonly string[], inverse: readonly number[], lever: string, whole: number) {
  const reachable = sumOver(cells, (cell) => cell.calls * weightOf(cell, lever));
  let [saved, variance] = [0, 0];
  const ofHoldout = new Map<LeverStratum, number>();
  for (const cell of cells) {
    const factor = reachable * cell.calls * names.reduce((sum, name, index) => sum + inverse[index]! * weightOf(cell, name), 0);
    saved += factor * (cell.base - cell.mean);
    variance += factor ** 2 * cell.variance;
    ofHoldout.set(cell.stratum, (ofHoldout.get(cell.stratum) ?? 0) + factor);
  }
  for (const cell of new Map(cells.map((each) => [each.stratum, each])).values())
    variance += ofHoldout.get(cell.stratum)! ** 2 * cell.baseVariance;
  const margin = studentQuantile95(Number.POSITIVE_INFINITY) * Math.sqrt(variance);
  const percent = (usd: number) => (100 * usd) / whole;
  return { savedUsd: saved, savedPercent: { value: percent(saved), low: percent(saved - margin), high: percent(saved + margin) } };
}

function sumOver(cells: readonly Cell[], of: (cell: Cell) => number): number {
  return cells.reduce((sum, cell) => sum + of(cell), 0);
}
