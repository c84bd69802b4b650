import { type BreakEven, breakEvenOf } from "./break-even.ts";
import {
  centralPoint,
  evaluateScenario,
  projectMonths,
  type Scenario,
  type ScenarioCost,
  type ScenarioMonth,
} from "./evaluate-scenario.ts";
import { latencyMsP95 } from "./latency-mixture.ts";
import { type MonteCarlo, monteCarlo } from "./monte-carlo.ts";
import { type ProposedCap, proposeCaps } from "./propose-caps.ts";
import { compare, type Rational, sumOf } from "./rational.ts";
import type { ScenarioPlan } from "./scenario-plan.ts";
import { type SensitivityBar, sensitivityOf } from "./sensitivity.ts";
import type { NextDraw } from "./spread.ts";
import type { WorkSteps } from "./work-steps.ts";

export interface ScenarioResult {
  readonly scenario: Scenario;
  readonly cost: ScenarioCost;
  readonly latencyMsP95: number | undefined;
  readonly months: readonly ScenarioMonth[];
  /** Of all projected months. */
  readonly totalUsd: Rational;
  readonly sensitivity: readonly SensitivityBar[];
  readonly monteCarlo: MonteCarlo | undefined;
}

export interface ScenarioReport {
  readonly plan: ScenarioPlan;
  readonly results: readonly ScenarioResult[];
  readonly breakEvens: readonly BreakEven[];
  readonly caps: readonly ProposedCap[];
}

/**
 * Answers everything that a plan asks for. The command line and the API both show this and compute nothing themselves.
 * @param drawsOf a sequence of draws for a seed; each scenario starts its own, so that adding one changes none of the others
 */
export function* runScenarios(plan: ScenarioPlan, drawsOf: (seed: number) => NextDraw): WorkSteps<ScenarioReport> {
  const results: ScenarioResult[] = [];
  for (const scenario of plan.scenarios) {
    const point = centralPoint(scenario);
    const months = projectMonths(scenario, point, plan.months);
    yield;
    results.push({
      scenario,
      cost: evaluateScenario(scenario, point),
      latencyMsP95: latencyMsP95(scenario),
      months,
      totalUsd: sumOf(months.map(({ runRate }) => runRate)),
      sensitivity: yield* sensitivityOf(scenario, plan.swing),
      monteCarlo: yield* monteCarlo(scenario, plan.monteCarlo.draws, drawsOf(plan.monteCarlo.seed)),
    });
  }
  return {
    plan,
    results,
    breakEvens: plan.breakEvens.map((question) => breakEvenOf(question, plan)),
    caps: proposeCaps(
      results.map(({ scenario, cost, monteCarlo: drawn }) => {
        const monthlyUsd = drawn && compare(drawn.runRate.p95, cost.runRate) > 0 ? drawn.runRate.p95 : cost.runRate;
        return { scenario: scenario.name, useCase: scenario.useCase, tenant: scenario.tenant, monthlyUsd };
      }),
    ),
  };
}
