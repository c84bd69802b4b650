/** What unit costs can be filtered by; the last four are tags of calls and events, no dimensions of budgets but for the run. */
export const UNIT_COST_FILTERS = [
  "tenant",
  "environment",
  "feature",
  "service",
  "team",
  "use_case",
  "provider",
  "model",
  "run",
  "session",
  "experiment",
  "job",
] as const;
export type UnitCostFilter = Readonly<Partial<Record<(typeof UNIT_COST_FILTERS)[number], string>>>;

/** What unit costs can be told by. */
export const UNIT_COST_GROUPS = [...UNIT_COST_FILTERS, "day"] as const;
export type UnitCostGroup = (typeof UNIT_COST_GROUPS)[number];
