import { formatUsd } from "../core/money/usd.ts";
import type { BreakEven } from "../core/scenario/break-even.ts";
import { centralPoint } from "../core/scenario/evaluate-scenario.ts";
import type { DrawnRange } from "../core/scenario/monte-carlo.ts";
import { decimalText, type Rational } from "../core/scenario/rational.ts";
import type { ScenarioReport, ScenarioResult } from "../core/scenario/run-scenarios.ts";
import type { ScenarioAnswer, ScenariosAnswer } from "./scenarios-contract.ts";

/** Money is shown up to a nano-dollar and rounded up there, so that no figure is less than it will cost; a unit cost to 10^-12. */
const usd = (value: Rational) => decimalText(value, 9, "up");
const unitUsd = (value: Rational) => decimalText(value, 12, "up");
const plain = (value: Rational) => decimalText(value, 9, "nearest");

/** Crossed at 75 and at 100 percent, as the economics document has it. */
const CAP_THRESHOLDS = [75, 100];

/** A report as text and numbers: what the API answers and `--json` prints. */
export function scenarioView(report: ScenarioReport): ScenariosAnswer {
  const { plan } = report;
  return {
    name: plan.name,
    swing: plain(plan.swing),
    scenarios: report.results.map((result) => resultView(result, plan.monteCarlo.seed)),
    break_even: report.breakEvens.map(breakEvenView),
    proposed_budgets: report.caps.map(({ scope, limitNano, scenario, monthlyUsd }) => ({
      scope: { ...scope },
      window: "month" as const,
      limit_usd: formatUsd(limitNano),
      thresholds: [...CAP_THRESHOLDS],
      scenario,
      planned_usd: usd(monthlyUsd),
    })),
  };
}

function resultView(result: ScenarioResult, seed: number): ScenarioAnswer {
  const { scenario, cost, months } = result;
  const point = centralPoint(scenario);
  const at = (name: "depth_k" | "cache_hit" | "growth" | `mix.${string}`) => plain(point.get(name) ?? { top: 0n, bottom: 1n });
  const { monteCarlo } = result;
  return {
    name: scenario.name,
    use_case: scenario.useCase ?? null,
    tenant: scenario.tenant ?? null,
    monthly_volume: plain(cost.volume),
    mix: Object.fromEntries(scenario.models.map((model) => [model, at(`mix.${model}`)])),
    depth_k: at("depth_k"),
    cache_hit: at("cache_hit"),
    growth: at("growth"),
    p95_latency_ms: result.latencyMsP95 ?? null,
    ucr_usd: unitUsd(cost.ucr),
    components: cost.components ? componentsView(cost.components) : null,
    run_rate_usd: usd(cost.runRate),
    months: months.map(({ month, volume, ucr, runRate }) => ({
      month,
      volume: plain(volume),
      ucr_usd: unitUsd(ucr),
      run_rate_usd: usd(runRate),
    })),
    total_usd: usd(result.totalUsd),
    sensitivity: result.sensitivity.map((bar) => ({
      figure: bar.figure,
      low: plain(bar.low),
      high: plain(bar.high),
      run_rate_low_usd: usd(bar.runRateLow),
      run_rate_high_usd: usd(bar.runRateHigh),
    })),
    monte_carlo: monteCarlo
      ? { draws: monteCarlo.draws, seed, ucr_usd: drawnView(monteCarlo.ucr, unitUsd), run_rate_usd: drawnView(monteCarlo.runRate, usd) }
      : null,
  };
}

function componentsView(components: Readonly<Record<string, Rational>>): Record<string, string> {
  return Object.fromEntries(Object.entries(components).map(([name, value]) => [name, unitUsd(value)]));
}

function drawnView({ p5, p50, p95, mean }: DrawnRange, text: (value: Rational) => string) {
  return { p5: text(p5), p50: text(p50), p95: text(p95), mean: text(mean) };
}

function breakEvenView(found: BreakEven): ScenariosAnswer["break_even"][number] {
  const { between, over, outcome } = found;
  const nothing = { at: null, run_rate_usd: null, cheaper_above: null, cheaper: null };
  const answer = { between: [...between], over, outcome, ...nothing };
  if (outcome === "crosses") return { ...answer, at: plain(found.at), run_rate_usd: usd(found.runRate), cheaper_above: found.cheaperAbove };
  return outcome === "never" ? { ...answer, cheaper: found.cheaper } : answer;
}
