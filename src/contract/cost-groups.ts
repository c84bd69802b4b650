/** What costs can be asked for and told by. */
export const COST_GROUPS = ["tenant", "feature", "service", "team", "environment", "use_case", "provider", "model", "day", "hour"] as const;
export type CostGroup = (typeof COST_GROUPS)[number];

/** What calls can be filtered by. */
export const COST_FILTERS = ["tenant", "feature", "service", "team", "environment", "use_case", "provider", "model"] as const;
export type CostFilter = Readonly<Partial<Record<(typeof COST_FILTERS)[number], string>>>;
