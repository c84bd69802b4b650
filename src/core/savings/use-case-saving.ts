import { type Atto, formatDecimal } from "../money/usd.ts";
import { type Comparison, compareCosts, LEAST_OF_STRATUM } from "./compare-costs.ts";
import { addMoments, type CostMoments, NO_MOMENTS } from "./cost-moments.ts";
import { type LeverPart, type LeverStratum, leverParts } from "./lever-parts.ts";
import { LEVER_COSTS, scoreboardLever, scoreboardNameOf } from "./scoreboard-levers.ts";

/** Calls of a use case that are the same in all that matters here. */
export interface SavingCell {
  /** What makes calls comparable, none of which a lever changes: the model asked for, the operation, the priority. */
  readonly kind: string;
  /** How hard the call looked, in tenths; null where nobody looked. The same calls are looked at in the holdout. */
  readonly complexity: number | null;
  readonly holdout: boolean;
  /** What changed the calls, as traces say it: "small_model_share=50", and "answer_cache" for an answer from the cache. */
  readonly levers: readonly string[];
  /** Calls whose cost is not known; they are in no sum. */
  readonly unknownCost: number;
  /** The exact cost of the others, and their moments. */
  readonly costAtto: Atto;
  readonly moments: CostMoments;
}

/** What calls that Ballast made for a use case's levers cost. */
export interface LeverCost {
  /** One of LEVER_COSTS. */
  readonly use: string;
  readonly calls: number;
  readonly unknownCost: number;
  readonly costAtto: Atto;
}

export interface UseCaseSaving {
  readonly useCase: string;
  readonly treated: ArmFacts;
  readonly holdout: ArmFacts;
  readonly leverCosts: readonly LeverCost[];
  readonly comparison: Comparison;
  readonly levers: readonly LeverPart[];
}

export interface ArmFacts {
  readonly calls: number;
  readonly unknownCost: number;
  readonly costAtto: Atto;
}

/** What levers saved a use case in some time, net of what they cost. */
export function useCaseSaving(useCase: string, cells: readonly SavingCell[], leverCosts: readonly LeverCost[]): UseCaseSaving {
  const [treated, holdout] = [armFacts(cells, false), armFacts(cells, true)];
  const knownCalls = treated.calls - treated.unknownCost;
  const overhead = leverCosts.reduce((sum, { costAtto }) => sum + costAtto, 0n);
  const perCall = knownCalls === 0 ? 0 : usdOf(overhead) / knownCalls;
  const strata = [...Map.groupBy(cells, ({ kind }) => kind).values()].map((same) => {
    return { holdout: momentsOf(same.filter((cell) => cell.holdout)), treated: momentsOf(same.filter((cell) => !cell.holdout)) };
  });
  const comparison = compareCosts(strata, perCall);
  const levers = leverParts(leverStrata(cells)).map((part) => netPart(part, leverCosts, comparison));
  return { useCase, treated, holdout, leverCosts, comparison, levers };
}

/**
 * Calls that were changed are compared with calls of the holdout that looked as hard, since routing picks the easy ones; with all of their
 * kind where too few looked so, or where an answer from the cache came before anybody looked.
 */
function leverStrata(cells: readonly SavingCell[]): LeverStratum[] {
  return [...Map.groupBy(cells, ({ kind }) => kind).values()].flatMap((same) => {
    const held = same.filter(({ holdout }) => holdout);
    const ofComplexity = Map.groupBy(held, ({ complexity }) => complexity);
    const alike = (complexity: number | null) => {
      const found = ofComplexity.get(complexity) ?? [];
      return complexity !== null && momentsOf(found).calls >= LEAST_OF_STRATUM ? complexity : null;
    };
    const treated = same.filter(({ holdout }) => !holdout);
    return Map.groupBy(treated, ({ complexity }) => alike(complexity))
      .entries()
      .map(([complexity, some]) => ({
        holdout: momentsOf(complexity === null ? held : ofComplexity.get(complexity)!),
        cells: [...Map.groupBy(some, (cell) => namesOf(cell).join(" ")).values()].map((group) => {
          return { levers: namesOf(group[0]!), moments: momentsOf(group) };
        }),
      }))
      .toArray();
  });
}

function namesOf({ levers }: SavingCell): string[] {
  return [...new Set(levers.flatMap((lever) => scoreboardNameOf(lever) ?? []))].sort();
}

/** A lever's part, less what was paid for that lever alone; unknown where the whole is. */
function netPart(part: LeverPart, leverCosts: readonly LeverCost[], comparison: Comparison): LeverPart {
  const { lever, calls } = part;
  const unmeasured = scoreboardLever(lever)?.unmeasured;
  if (unmeasured !== undefined) return { lever, calls, outcome: "unknown", reason: unmeasured };
  if (comparison.outcome === "unknown") return { lever, calls, outcome: "unknown", reason: comparison.reason };
  if (part.outcome === "unknown") return part;
  const own = LEVER_COSTS.filter((each) => each.lever === lever).map(({ useCase }) => useCase as string);
  const paid = usdOf(leverCosts.filter(({ use }) => own.includes(use)).reduce((sum, { costAtto }) => sum + costAtto, 0n));
  const percent = (100 * paid) / (comparison.holdoutMean * comparison.compared);
  const { value, low, high } = part.savedPercent;
  return { ...part, savedUsd: part.savedUsd - paid, savedPercent: { value: value - percent, low: low - percent, high: high - percent } };
}

function armFacts(cells: readonly SavingCell[], holdout: boolean): ArmFacts {
  const own = cells.filter((cell) => cell.holdout === holdout);
  return {
    calls: own.reduce((sum, { moments, unknownCost }) => sum + moments.calls + unknownCost, 0),
    unknownCost: own.reduce((sum, { unknownCost }) => sum + unknownCost, 0),
    costAtto: own.reduce((sum, { costAtto }) => sum + costAtto, 0n),
  };
}

function momentsOf(cells: readonly SavingCell[]): CostMoments {
  return cells.reduce((sum, { moments }) => addMoments(sum, moments), NO_MOMENTS);
}

/** For statistics. Amounts that are shown as paid stay exact. */
function usdOf(atto: Atto): number {
  return Number(formatDecimal(atto, 18));
}
