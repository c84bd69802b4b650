import { Problem } from "../contract/problem.ts";
import type { Budget } from "../core/ledger/budget.ts";
import { missingOnShort } from "../core/ledger/on-short.ts";
import { formatUsd } from "../core/money/usd.ts";
import { type ScopeSelector, selectorKey } from "../core/scope/scope.ts";
import type { WindowKind } from "../core/time/window.ts";
import type { AuditedChange } from "../ports/ledger-store.ts";
import type { ApiDeps } from "./api-deps.ts";

export type BudgetWish = Pick<Budget, "limitNano"> & {
  readonly [Field in "zone" | "hard" | "onShort" | "fallbackModel" | "template" | "onStoreDown" | "thresholds" | "warnPercent" | "covers"]?:
    | Budget[Field]
    | undefined;
};

/**
 * Sets the budget of a scope and window, with an audit entry; what the wish leaves open stays as it was.
 * A scope has one budget per window: setting a monthly limit leaves a daily one alone.
 * @throws Problem invalid_request when its on_short lacks the model or the text that it needs
 */
export async function setBudget(
  place: { selector: ScopeSelector; window: WindowKind; coversWhenNew: Budget["covers"] },
  wish: BudgetWish,
  reason: string,
  deps: Pick<ApiDeps, "budgets" | "defaultBudget" | "now">,
): Promise<Budget> {
  const { selector, window } = place;
  const key = selectorKey(selector);
  const before = deps.budgets.all().find((budget) => budget.window === window && selectorKey(budget.selector) === key);
  const at = deps.now();
  const budget: Budget = {
    id: before?.id ?? freeId(key, window, deps),
    selector: before?.selector ?? selector,
    limitNano: wish.limitNano,
    window,
    zone: wish.zone ?? before?.zone ?? "UTC",
    hard: wish.hard ?? before?.hard ?? true,
    onShort: wish.onShort ?? before?.onShort ?? "deny",
    fallbackModel: wish.fallbackModel ?? before?.fallbackModel,
    template: wish.template ?? before?.template,
    onStoreDown: wish.onStoreDown ?? before?.onStoreDown,
    thresholds: wish.thresholds ?? before?.thresholds ?? deps.defaultBudget?.thresholds ?? [50, 80, 100],
    warnPercent: wish.warnPercent ?? before?.warnPercent ?? deps.defaultBudget?.warnPercent ?? 80,
    covers: wish.covers ?? before?.covers ?? place.coversWhenNew,
    origin: "api",
    configured: before?.configured,
    createdAt: before?.createdAt ?? at,
    updatedAt: at,
  };
  const missing = missingOnShort(budget);
  if (missing !== undefined) {
    const message = `/${missing} is missing, which on_short ${budget.onShort} needs.`;
    throw new Problem("invalid_request", { field: `/${missing}` }, { message });
  }
  return deps.budgets.put(budget, changeOf(before, budget, reason));
}

function freeId(key: string, window: WindowKind, deps: Pick<ApiDeps, "budgets">): string {
  const plain = key === "" ? "*" : key;
  return window === "month" && deps.budgets.get(plain) === undefined ? plain : `${plain},window=${window}`;
}

function changeOf(before: Budget | undefined, after: Budget, reason: string): AuditedChange {
  const record = (budget: Budget) => JSON.stringify(budgetRecord(budget));
  return {
    actor: "admin",
    action: "budget.set",
    target: after.id,
    reason,
    before: before ? record(before) : null,
    after: record(after),
  };
}

/** A budget in the words of the API. */
export function budgetRecord(budget: Budget) {
  return {
    id: budget.id,
    scope: { ...budget.selector },
    limit_usd: formatUsd(budget.limitNano),
    window: budget.window,
    zone: budget.zone,
    hard: budget.hard,
    on_short: budget.onShort,
    ...(budget.fallbackModel === undefined ? {} : { fallback_model: budget.fallbackModel }),
    ...(budget.template === undefined ? {} : { template: budget.template }),
    on_store_down: budget.onStoreDown ?? "deny",
    thresholds: [...budget.thresholds],
    warn_percent: budget.warnPercent,
    covers: budget.covers,
    origin: budget.origin,
  };
}
