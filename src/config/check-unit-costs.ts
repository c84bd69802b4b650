import type { Numbered } from "./check-config.ts";
import type { Conflict } from "./config-finding.ts";
import type { Config } from "./config-schema.ts";

type UnitCosts = Config["unit_costs"];

/** What is wrong between the settings of unit costs. */
export function unitCostConflicts(parts: {
  readonly prices: Numbered<UnitCosts["prices"][number]>;
  readonly pools: Numbered<UnitCosts["pools"][number]>;
  readonly revenue: Numbered<UnitCosts["revenue"][number]>;
  readonly baselines: Numbered<UnitCosts["baselines"][number]>;
}): Conflict[] {
  return [
    ...repeated(parts.prices, "unit_costs.prices", ({ measure, k = "", use_case = "", valid_from }) => {
      return [measure, k, use_case, valid_from === undefined ? "" : Date.parse(valid_from)].join(" ");
    }),
    ...repeated(parts.pools, "unit_costs.pools", ({ name, from = "" }) => `${name} ${from}`),
    ...repeated(parts.baselines, "unit_costs.baselines", ({ use_case }) => use_case),
    ...parts.pools.flatMap(({ index, entry }) => monthConflicts(entry, `unit_costs.pools[${index}]`)),
    ...parts.revenue.flatMap(({ index, entry }) => {
      const path = `unit_costs.revenue[${index}]`;
      const isOne = (entry.usd_per_month === undefined) !== (entry.usd_per_request === undefined);
      const lacks = isOne ? [] : [{ setting: path, message: "exactly one of `usd_per_month` and `usd_per_request` is needed" }];
      return [...lacks, ...monthConflicts(entry, path)];
    }),
    ...parts.baselines.flatMap(({ index, entry: { usd, from, to } }) => {
      const setting = `unit_costs.baselines[${index}]`;
      const isPeriod = from !== undefined && to !== undefined;
      const isGiven = usd !== undefined && from === undefined && to === undefined;
      if (!isGiven && !(isPeriod && usd === undefined)) return [{ setting, message: "either `usd`, or `from` and `to`, are needed" }];
      if (isPeriod && Date.parse(from) >= Date.parse(to)) return [{ setting: `${setting}.to`, message: "is not after `from`" }];
      return [];
    }),
  ];
}

/** Of two entries about the same nobody could say which counts. */
function repeated<Entry>(entries: Numbered<Entry>, list: string, keyOf: (entry: Entry) => string): Conflict[] {
  const first = new Map<string, number>();
  return entries.flatMap(({ index, entry }) => {
    const before = first.get(keyOf(entry));
    if (before !== undefined)
      return [{ setting: `${list}[${index}]`, message: `says the same of ${list}[${before}]; only one of them can count` }];
    first.set(keyOf(entry), index);
    return [];
  });
}

function monthConflicts({ from, to }: { from?: string; to?: string }, path: string): Conflict[] {
  return from !== undefined && to !== undefined && from > to ? [{ setting: `${path}.to`, message: "is a month before `from`" }] : [];
}
