import { expect } from "vitest";
import { COST_FILTERS, type CostGroup } from "../contract/cost-groups.ts";
import type { RequestTrace } from "../contract/request-trace.ts";
import { ATTO_PER_USD, formatDecimal, parseDecimal } from "../core/money/usd.ts";
import type { CostsQuestion, CostsRow } from "./warehouse.ts";

export const FIELD_OF = {
  tenant: "tenant",
  feature: "feature",
  service: "service",
  team: "team",
  environment: "environment",
  use_case: "use_case_id",
  provider: "provider",
  model: "model_id",
} as const satisfies Record<(typeof COST_FILTERS)[number], keyof RequestTrace>;

/** The answer worked out by hand, from traces that are all different. Order of rows is not part of it. */
export function expectedCosts(traces: readonly RequestTrace[], question: CostsQuestion): CostsRow[] {
  const groups = new Map<string, { group: CostsRow["group"]; members: RequestTrace[] }>();
  for (const trace of traces) {
    if (!COST_FILTERS.every((name) => question.filter[name] === undefined || trace[FIELD_OF[name]] === question.filter[name])) continue;
    const group = Object.fromEntries(question.groupBy.map((name) => [name, groupValue(trace, name)]));
    const key = JSON.stringify(group);
    if (!groups.has(key)) groups.set(key, { group, members: [] });
    groups.get(key)!.members.push(trace);
  }
  return [...groups.values()].map(({ group, members }) => {
    const sent = members.filter((t) => !["refused", "rejected", "replayed", "template"].includes(t.outcome) && !t.cache_hit);
    const latencies = sent.filter((t) => t.outcome !== "tracked").map((t) => t.latency_ms);
    return {
      group,
      calls: sent.length,
      refused: members.filter((t) => t.outcome === "refused" || t.outcome === "template").length,
      cached: members.filter((t) => t.outcome === "replayed" || t.cache_hit).length,
      unpriced: members.filter((t) => t.cost_basis === "unpriced").length,
      in_doubt: members.filter((t) => t.cost_basis === "in_doubt").length,
      prompt_tokens: total(members.map((t) => t.prompt_tokens)),
      gen_tokens: total(members.map((t) => t.gen_tokens)),
      cost_usd: formatDecimal(sumAtto(members), 18),
      latency_ms_p50: percentile(latencies, 0.5),
      latency_ms_p95: percentile(latencies, 0.95),
    };
  });
}

function groupValue(trace: RequestTrace, group: CostGroup): string {
  if (group === "day") return trace.ts.slice(0, 10);
  if (group === "hour") return `${trace.ts.slice(0, 13)}:00:00Z`;
  return trace[FIELD_OF[group]];
}

/** PERCENTILE_CONT; null over nothing. Rounded as far as two ways of adding floats agree. */
export function percentile(values: readonly number[], share: number): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)]!;
  const above = sorted[Math.ceil(place)]!;
  return expect.closeTo(below + (above - below) * (place - Math.floor(place)), 6) as number;
}

export function sumAtto(traces: readonly RequestTrace[]): bigint {
  return traces.reduce((sum, trace) => sum + (trace.unit_cost_usd === null ? 0n : parseDecimal(trace.unit_cost_usd, 18)!), 0n);
}

export function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** Everything about rows that adds up, which percentiles do not. */
export function addUp(rows: readonly CostsRow[]): unknown {
  const counts = ["calls", "refused", "cached", "unpriced", "in_doubt", "prompt_tokens", "gen_tokens"] as const;
  const cost = rows.reduce((sum, row) => sum + parseDecimal(row.cost_usd, 18)!, 0n);
  return { cost: cost / ATTO_PER_USD, rest: cost % ATTO_PER_USD, counts: counts.map((name) => total(rows.map((row) => row[name]))) };
}

export function byGroup(rows: readonly CostsRow[]): unknown {
  const key = (row: CostsRow) => JSON.stringify(Object.entries(row.group).sort());
  return [...rows].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
