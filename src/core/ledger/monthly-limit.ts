import type { Nano } from "../money/usd.ts";
import { type ScopeSelector, selectorKey } from "../scope/scope.ts";
import type { Instant } from "../time/window.ts";
import type { Budget } from "./budget.ts";

/** A tenant's hard limit for a month, on one model or, without one, on what no budget of its own covers: as the guide's service sets it. */
export interface MonthlyLimit {
  readonly selector: ScopeSelector;
  readonly limitNano: Nano;
  /** Of a new budget: one that is there keeps its own. */
  readonly zone: string;
}

/** The budget with that limit. @param before the one that is there; what the limit says nothing of stays as it was */
export function withMonthlyLimit(
  before: Budget | undefined,
  id: string,
  { selector, limitNano, zone }: MonthlyLimit,
  newBudgets: Pick<Budget, "thresholds" | "warnPercent">,
  at: Instant,
): Budget {
  if (before) return { ...before, limitNano, hard: true, origin: "api", updatedAt: at };
  const covers = selector.model === undefined ? "rest" : "all";
  const stamps = { origin: "api", createdAt: at, updatedAt: at } as const;
  return { id, selector, limitNano, window: "month", zone, hard: true, onShort: "deny", ...newBudgets, covers, ...stamps };
}

/** Whether the budget is the monthly one of exactly this scope. */
export function isMonthlyAt(budget: Budget, selector: ScopeSelector): boolean {
  return budget.window === "month" && selectorKey(budget.selector) === selectorKey(selector);
}
