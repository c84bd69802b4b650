import type { Budget } from "./budget.ts";

/** What a tier says of the budgets that carry it. */
export const TIER_FIELDS = [
  "limitNano",
  "hard",
  "onShort",
  "fallbackModel",
  "template",
  "thresholds",
  "warnPercent",
] as const satisfies readonly (keyof Budget)[];
export type TierSettings = { readonly [Field in (typeof TIER_FIELDS)[number]]?: Budget[Field] | undefined };

/** A budget's tier, with what it said when it was last applied: what the budget has of that is the tier's, the rest is its own. */
export interface AppliedTier {
  readonly name: string;
  readonly settings: TierSettings;
}

/**
 * The budget after its tier says something else. What the budget had of its own stays; what the tier no longer says stays as it was. What
 * the budget has nothing of, a model or a text for calls that do not fit, it takes: its on_short may need it now.
 */
export function retier(budget: Budget, tier: AppliedTier): Budget {
  const before = budget.tier?.settings ?? {};
  const changes: Partial<Record<keyof Budget, unknown>> = {};
  for (const field of TIER_FIELDS) {
    const [was, is] = [before[field], tier.settings[field]];
    const isOwn = budget[field] !== undefined && (was === undefined || !isSame(budget[field], was));
    if (is !== undefined && !isOwn) changes[field] = is;
  }
  return { ...budget, ...changes, tier } as Budget;
}

export function sameTier(one: AppliedTier | undefined, other: AppliedTier | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.name === other.name && TIER_FIELDS.every((field) => isSame(one.settings[field], other.settings[field]));
}

function isSame(one: Budget[keyof TierSettings] | undefined, other: Budget[keyof TierSettings] | undefined): boolean {
  return Array.isArray(one) && Array.isArray(other) ? one.join() === other.join() : one === other;
}
