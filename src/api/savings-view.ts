import type { UseCaseSavingView } from "../contract/savings-contract.ts";
import { formatDecimal } from "../core/money/usd.ts";
import type { Estimate } from "../core/savings/compare-costs.ts";
import type { LeverPart } from "../core/savings/lever-parts.ts";
import type { ArmFacts, UseCaseSaving } from "../core/savings/use-case-saving.ts";

/** Costs that were paid are exact; estimates have the digits that they deserve. */
export function savingView({ useCase, treated, holdout, leverCosts, comparison, levers }: UseCaseSaving): UseCaseSavingView {
  const facts = {
    use_case: useCase,
    treated: armView(treated),
    holdout: armView(holdout),
    lever_costs: leverCosts.map(({ use, calls, unknownCost, costAtto }) => {
      return { use, calls, unknown_cost: unknownCost, cost_usd: formatDecimal(costAtto, 18) };
    }),
    levers: levers.map(partView),
  };
  if (comparison.outcome === "unknown") {
    const { reason, neededHoldoutCalls } = comparison;
    return { ...facts, ...NOT_MEASURED, outcome: "unknown", reason, needed_holdout_calls: neededHoldoutCalls };
  }
  const { savedPerCall, savedPercent, holdoutMean, treatedMean, compared } = comparison;
  const explained = levers.reduce((sum, part) => sum + (part.outcome === "estimated" ? part.savedPercent.value : 0), 0);
  return {
    ...facts,
    ...NOT_MEASURED,
    outcome: "measured",
    compared_calls: compared,
    holdout_usd_per_call: holdoutMean.toFixed(9),
    treated_usd_per_call: treatedMean.toFixed(9),
    saved_usd_per_call: estimateView(savedPerCall, 9),
    saved_percent: estimateView(savedPercent, 2),
    saved_usd: estimateView(savedPerCall, 4, compared),
    unexplained_percent: (savedPercent.value - explained).toFixed(2),
  };
}

const NOT_MEASURED = {
  compared_calls: 0,
  holdout_usd_per_call: null,
  treated_usd_per_call: null,
  saved_usd_per_call: null,
  saved_percent: null,
  saved_usd: null,
  unexplained_percent: null,
  reason: null,
  needed_holdout_calls: null,
};

function partView(part: LeverPart): UseCaseSavingView["levers"][number] {
  const { lever, outcome, calls } = part;
  if (outcome === "unknown") return { lever, outcome, calls, saved_percent: null, saved_usd: null, reason: part.reason };
  return { lever, outcome, calls, saved_percent: estimateView(part.savedPercent, 2), saved_usd: part.savedUsd.toFixed(4), reason: null };
}

function estimateView({ value, low, high }: Estimate, digits: number, times = 1) {
  return { value: (value * times).toFixed(digits), low: (low * times).toFixed(digits), high: (high * times).toFixed(digits) };
}

function armView({ calls, unknownCost, costAtto }: ArmFacts) {
  return { calls, unknown_cost: unknownCost, cost_usd: formatDecimal(costAtto, 18) };
}
