import type { RunKind } from "../contract/usage-events-contract.ts";
import { formatDecimal } from "../core/money/usd.ts";
import type { Instant, Period } from "../core/time/window.ts";
import { type RunState, runState } from "../core/unit-cost/run-state.ts";
import type { UnitCostSettings } from "../core/unit-cost/unit-cost-settings.ts";
import { addUnitCosts, NO_UNIT_COSTS, totalOfComponents, type UnitCostSums } from "../core/unit-cost/unit-cost-sums.ts";
import { QUANTITY_DECIMALS } from "../core/unit-cost/unit-price.ts";
import type { RunLife } from "../ports/unit-cost-questions.ts";
import type { Warehouse } from "../ports/warehouse.ts";
import { groupedUnitCosts } from "./unit-costs.ts";

export interface AskedRuns {
  readonly kind: RunKind;
  readonly period: Period;
  readonly tenant: string | undefined;
  /** Only runs in this state. */
  readonly state: RunState | undefined;
  readonly now: Instant;
}

/** What runs, sessions, experiments or jobs cost in a period, and which of them nobody cares for; dearest first. */
export async function runCosts(
  warehouse: Pick<Warehouse, "unitCosts" | "usageFacts" | "poolShares" | "runLives">,
  settings: UnitCostSettings,
  { kind, period, tenant, state, now }: AskedRuns,
) {
  const filter = tenant === undefined ? {} : { tenant };
  const { groups } = await groupedUnitCosts(warehouse, settings, { period, groupBy: ["tenant", kind], filter, now });
  const lives = await warehouse.runLives({ from: new Date(period.start), to: new Date(period.end), kind, tenant });
  const runs = new Map<string, { life: RunLife; sums: UnitCostSums }>();
  for (const life of lives) runs.set(keyOf(life.tenant, life.name), { life, sums: NO_UNIT_COSTS });
  for (const { key, sums } of groups) {
    const [owner, name] = [key.tenant ?? "", key[kind] ?? ""];
    if (name === "") continue;
    // What an event told by naming a call alone is known by its costs and not by its times.
    const life = runs.get(keyOf(owner, name))?.life ?? { ...NO_LIFE, tenant: owner, name, calls: sums.calls + sums.cached };
    runs.set(keyOf(owner, name), { life, sums });
  }
  const told = [...runs.values()].map((run) => ({ ...run, state: runState(run.life, now, settings.abandonedAfterMs) }));
  const asked = told.filter((run) => state === undefined || run.state === state).sort(dearestFirst);
  const total = asked.reduce((all, { sums }) => addUnitCosts(all, sums), NO_UNIT_COSTS);
  return {
    rows: asked.map(({ life, sums, state: now_ }) => ({
      tenant: life.tenant,
      name: life.name,
      state: now_,
      started_at: timeText(life.startedAt),
      ended_at: timeText(life.endedAt),
      first_spent_at: timeText(life.firstSpentAt),
      last_spent_at: timeText(life.lastSpentAt),
      ...costsOf(sums),
    })),
    total: { runs: asked.length, ...costsOf(total) },
  };
}

const NO_LIFE = { facts: 0, firstSpentAt: null, lastSpentAt: null, startedAt: null, endedAt: null } as const;

function keyOf(tenant: string, name: string): string {
  return JSON.stringify([tenant, name]);
}

function wholeCost(sums: UnitCostSums): bigint {
  return totalOfComponents(sums) + sums.trainingAtto;
}

function dearestFirst(one: { life: RunLife; sums: UnitCostSums }, other: { life: RunLife; sums: UnitCostSums }): number {
  const [a, b] = [wholeCost(one.sums), wholeCost(other.sums)];
  if (a !== b) return a > b ? -1 : 1;
  return keyOf(one.life.tenant, one.life.name) < keyOf(other.life.tenant, other.life.name) ? -1 : 1;
}

function costsOf(sums: UnitCostSums) {
  return {
    calls: sums.calls,
    unpriced: sums.unknownCost + Object.values(sums.unpricedParts).reduce((all, count) => all + count, 0),
    requests_usd: formatDecimal(totalOfComponents(sums), 18),
    training_usd: formatDecimal(sums.trainingAtto, 18),
    gpu_hours: formatDecimal(sums.gpuHours, QUANTITY_DECIMALS),
    total_usd: formatDecimal(wholeCost(sums), 18),
  };
}

function timeText(at: Instant | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
