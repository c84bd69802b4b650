import type { BudgetChangeView } from "../contract/budget-operations-contract.ts";
import { Problem } from "../contract/problem.ts";
import { accountId, type Budget } from "../core/ledger/budget.ts";
import type { TierSettings } from "../core/ledger/budget-tier.ts";
import { missingOnShort } from "../core/ledger/on-short.ts";
import { type ScopeSelector, selectorKey } from "../core/scope/scope.ts";
import { type WindowKind, windowAt } from "../core/time/window.ts";
import type { AuditedChange } from "../ports/ledger-store.ts";
import { type Standing, untouchedStanding } from "../reports/budget-standing.ts";
import { nearestWord } from "../std/nearest-word.ts";
import type { ApiDeps } from "./api-deps.ts";
import { BUDGET_COLUMNS, budgetCells, budgetRecord, plannedStanding } from "./budget-cells.ts";
import { standingsOf } from "./call-standings.ts";

type WishField =
  | "limitNano"
  | "zone"
  | "hard"
  | "onShort"
  | "fallbackModel"
  | "template"
  | "onStoreDown"
  | "thresholds"
  | "warnPercent"
  | "covers";
export type BudgetWish = { readonly [Field in WishField]?: Budget[Field] | undefined } & {
  /** What the wish leaves open is then the tier's; null for none. */
  readonly tier?: string | null | undefined;
};

/** A change of one budget that is thought through and not written. */
export interface BudgetPlan {
  readonly before: Budget | undefined;
  readonly budget: Budget;
  readonly change: AuditedChange;
  readonly view: BudgetChangeView;
}

/** Where a budget is set. A scope has one budget per window: setting a monthly limit leaves a daily one alone. */
export interface BudgetPlace {
  readonly selector: ScopeSelector;
  readonly window: WindowKind;
  readonly coversWhenNew: Budget["covers"];
  /** The name of a new one; made from scope and window unless set. */
  readonly id?: string | undefined;
}

type ChangeDeps = Pick<ApiDeps, "budgets" | "defaultBudget" | "now" | "tiers">;

/** Sets the budget of a scope and window, with an audit entry; what the wish leaves open stays as it was. */
export async function setBudget(
  place: BudgetPlace,
  wish: BudgetWish & Pick<Budget, "limitNano">,
  reason: string,
  deps: ChangeDeps,
): Promise<Budget> {
  const { budget, change } = planBudget(budgetAt(place, deps), place, wish, reason, deps);
  return deps.budgets.put(budget, change);
}

/** The budget that is there, if any. */
export function budgetAt({ selector, window }: Pick<BudgetPlace, "selector" | "window">, { budgets }: Pick<ApiDeps, "budgets">) {
  const key = placeKey(selector, window);
  return budgets.ofSelector(selector).find((budget) => budget.window === window && placeKey(budget.selector, window) === key);
}

/** As `budgetAt`; one that a run's first call made is found too when no call has named the run for long. */
export async function storedBudgetAt(place: BudgetPlace, deps: Pick<ApiDeps, "budgets" | "store">): Promise<Budget | undefined> {
  const { selector, window } = place;
  const known = budgetAt(place, deps);
  return known || window !== "run" ? known : (await deps.store.budgetsNamed([`${selectorKey(selector)},window=run`]))[0];
}

export function placeKey(selector: ScopeSelector, window: WindowKind): string {
  return `${window} ${selectorKey(selector)}`;
}

/**
 * @param before the budget that is there; a new one needs a limit in the wish
 * @throws Problem invalid_request when its on_short lacks the model or the text that it needs
 */
export function planBudget(before: Budget | undefined, place: BudgetPlace, wish: BudgetWish, reason: string, deps: ChangeDeps): BudgetPlan {
  const at = deps.now();
  const { selector, window } = place;
  const fromTier = typeof wish.tier === "string" ? settingsOf(wish.tier, deps) : {};
  const tier = wish.tier === undefined ? before?.tier : wish.tier === null ? undefined : { name: wish.tier, settings: fromTier };
  const budget: Budget = {
    id: before?.id ?? place.id ?? freeId(selectorKey(selector), window, deps),
    selector: before?.selector ?? selector,
    limitNano: wish.limitNano ?? fromTier.limitNano ?? before?.limitNano ?? 0n,
    raisedNano: before?.raisedNano,
    window,
    zone: wish.zone ?? before?.zone ?? "UTC",
    hard: wish.hard ?? fromTier.hard ?? before?.hard ?? true,
    onShort: wish.onShort ?? fromTier.onShort ?? before?.onShort ?? "deny",
    fallbackModel: wish.fallbackModel ?? fromTier.fallbackModel ?? before?.fallbackModel,
    template: wish.template ?? fromTier.template ?? before?.template,
    onStoreDown: wish.onStoreDown ?? before?.onStoreDown,
    thresholds: wish.thresholds ?? fromTier.thresholds ?? before?.thresholds ?? deps.defaultBudget?.thresholds ?? [50, 80, 100],
    warnPercent: wish.warnPercent ?? fromTier.warnPercent ?? before?.warnPercent ?? deps.defaultBudget?.warnPercent ?? 80,
    covers: wish.covers ?? before?.covers ?? place.coversWhenNew,
    tier,
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
  return { before, budget, change: changeOf(before, budget, reason), view: changeViewOf(before, budget) };
}

/** @throws Problem invalid_request for a tier that there is not */
export function settingsOf(tier: string, { tiers }: Pick<ApiDeps, "tiers">): TierSettings {
  const settings = tiers.get(tier);
  if (settings) return settings;
  const allowed = [...tiers.keys()];
  const nearest = nearestWord(tier, allowed);
  const hint = nearest === undefined ? `there are ${allowed.join(", ")}` : `did you mean ${nearest}?`;
  throw new Problem("invalid_request", { field: "/tier", allowed }, { message: `There is no tier ${JSON.stringify(tier)}; ${hint}` });
}

/** How the budget would stand after the change. Another zone begins another window, and so another account. */
export async function standingAfter({ before, budget }: BudgetPlan, deps: Pick<ApiDeps, "desk" | "now">): Promise<Standing> {
  const at = deps.now();
  const untouched = untouchedStanding(budget, at);
  if (!before) return untouched;
  const [standing] = await standingsOf([before], at, deps);
  const isSameAccount = standing!.account.id === accountId(budget.id, windowAt(budget.window, budget.zone, at));
  return isSameAccount ? plannedStanding(standing!, budget) : untouched;
}

function freeId(key: string, window: WindowKind, deps: Pick<ApiDeps, "budgets">): string {
  const plain = key === "" ? "*" : key;
  return window === "month" && deps.budgets.get(plain) === undefined ? plain : `${plain},window=${window}`;
}

function changeViewOf(before: Budget | undefined, after: Budget): BudgetChangeView {
  const [was, is] = [before && budgetCells(before), budgetCells(after)];
  const differing = BUDGET_COLUMNS.filter((column) => (was?.[column] ?? "") !== is[column]);
  const fields = differing.map((field) => ({ field, before: was?.[field] || null, after: is[field] }));
  return { id: after.id, action: !before ? "create" : fields.length === 0 ? "unchanged" : "change", fields };
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
