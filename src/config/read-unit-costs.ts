import { invariant } from "../core/invariant.ts";
import { parseDecimal } from "../core/money/usd.ts";
import { type Rational, rational } from "../core/scenario/rational.ts";
import type { Instant } from "../core/time/window.ts";
import type { CostPool } from "../core/unit-cost/cost-pool.ts";
import type { Baseline, Revenue, UnitCostSettings } from "../core/unit-cost/unit-cost-settings.ts";
import type { Config } from "./config-schema.ts";

/** The section unit_costs as values. It was checked when the configuration was read. */
export function unitCostSettings({ unit_costs: written }: Pick<Config, "unit_costs">): UnitCostSettings {
  return {
    prices: written.prices.map(({ measure, usd, k, use_case, valid_from }) => {
      return { measure, picoUsd: digits(usd, 12), upToK: k ?? null, useCase: use_case ?? null, validFrom: instantOf(valid_from) };
    }),
    pools: written.pools.map(({ name, usd_per_month, driver, scope, from, to }) => {
      return { name, perMonthNano: digits(usd_per_month, 9), driver, scope, ...monthsOf({ from, to }) };
    }),
    revenue: written.revenue.map(revenueOf),
    levels: written.business_metrics.map(({ name, value, scope, valid_from }) => {
      return { name, value: fraction(value), scope, from: instantOf(valid_from) };
    }),
    baselines: written.baselines.map(baselineOf),
    abandonedAfterMs: written.abandoned_after_hours * 3_600_000,
  };
}

function revenueOf({ name, usd_per_month, usd_per_request, scope, from, to }: Config["unit_costs"]["revenue"][number]): Revenue {
  const months = monthsOf({ from, to });
  if (usd_per_month !== undefined) {
    const pool: CostPool = { name, perMonthNano: digits(usd_per_month, 9), driver: "calls", scope, ...months };
    return { kind: "per_month", pool };
  }
  invariant(usd_per_request !== undefined, "the configuration was checked");
  return { kind: "per_request", nano: digits(usd_per_request, 9), scope, ...months };
}

function baselineOf({ use_case: useCase, usd, from, to }: Config["unit_costs"]["baselines"][number]): Baseline {
  if (usd !== undefined) return { useCase, kind: "given", usd: fraction(usd) };
  invariant(from !== undefined && to !== undefined, "the configuration was checked");
  return { useCase, kind: "measured", period: { start: Date.parse(from), end: Date.parse(to) } };
}

/** From the first instant of the first month to the first after the last, in UTC. */
function monthsOf({ from, to }: { from: string | undefined; to: string | undefined }): { from: Instant; to: Instant | null } {
  const monthAt = (text: string, later: number) => Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5)) - 1 + later);
  return { from: from === undefined ? 0 : monthAt(from, 0), to: to === undefined ? null : monthAt(to, 1) };
}

function instantOf(text: string | undefined): Instant {
  return text === undefined ? 0 : Date.parse(text);
}

function digits(amount: string, scale: number): bigint {
  const value = parseDecimal(String(amount), scale);
  invariant(value !== undefined, "the configuration was checked");
  return value;
}

function fraction(text: string): Rational {
  return rational(digits(text, 12), 10n ** 12n);
}
