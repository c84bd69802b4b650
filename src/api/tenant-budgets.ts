import type { Static } from "typebox";
import type { setBody, TenantBudget, tenantBudgets as tenantBudgetsShape } from "../contract/budget-service-contract.ts";
import { MOST_LIMIT_NANO } from "../contract/most-amounts.ts";
import type { Budget } from "../core/ledger/budget.ts";
import { formatUsd, type Nano } from "../core/money/usd.ts";
import { hardLimitReached, percentUsed, type Standing, standingStatus } from "../reports/budget-standing.ts";
import { stableId } from "../std/stable-id.ts";
import { readAmount } from "./amount.ts";
import type { ApiDeps } from "./api-deps.ts";
import { budgetAt, planBudget, standingAfter } from "./budget-change.ts";
import { budgetNotes } from "./budget-notes.ts";
import { instantToSecond } from "./call-period.ts";
import { checkScopeValue } from "./call-scope.ts";
import { standingsOf } from "./call-standings.ts";

/** The model of a budget on the whole tenant, in the guide's service. */
const EVERY_MODEL = "*";

interface TenantBudgets {
  readonly status: Static<typeof tenantBudgetsShape>;
  /** How long ago it was read of the ledger; undefined when that is now. */
  readonly ageMs: number | undefined;
}

/**
 * The tenant's monthly budgets, in the guide's shape; for a tenant never seen, the default budget it would get. What others spent on a budget
 * that is shared with them is never shown as this tenant's.
 * @param isFresh to ask the ledger, whatever is kept
 */
export async function tenantBudgets(tenant: string, { isFresh }: { readonly isFresh: boolean }, deps: ApiDeps): Promise<TenantBudgets> {
  const at = deps.now();
  const stored = deps.budgets.ofTenant(tenant).filter(isOfTenant);
  const due = deps.budgets.due({ tenant }, at);
  const budgets = [...stored, ...due].filter(isMonthly);
  const found = isFresh ? undefined : await deps.statuses?.find(tenant, stateOf(stored, due), at);
  if (found?.outcome === "kept") return { status: found.status, ageMs: found.ageMs };
  const standings = await standingsOf(budgets, at, deps);
  const status = await statusOf(tenant, standings, deps);
  // A budget that refused is judged with what calls hold now, which only this process knows and nothing tells of.
  const isLasting = standings.every(({ account }) => account.hasRefused !== true);
  if (isLasting) found?.keep(status, Math.min(...standings.map(({ account }) => account.window.end)));
  return { status, ageMs: undefined };
}

async function statusOf(tenant: string, standings: readonly Standing[], deps: ApiDeps): Promise<TenantBudgets["status"]> {
  const notified = await notifiedBudgets(standings, deps);
  // A budget on the whole tenant that covers every call contains the others, so theirs would count twice beside it.
  const whole = standings.filter(({ budget }) => isWholeTenant(budget) && budget.covers === "all");
  const counted = whole.length > 0 ? whole : standings;
  return {
    tenant_id: tenant,
    budgets: standings.map((standing) => tenantBudget(standing, notified.has(standing.account.id))),
    total_usage_usd: usdNumberOf(sum(counted.map(({ account }) => account.spentNano))),
    total_limit_usd: usdNumberOf(sum(counted.map(({ account }) => account.limitNano))),
  };
}

/** All of the budgets that a status shows, as text to compare. Those that are due were made just now. */
function stateOf(stored: readonly Budget[], due: readonly Budget[]): string {
  const budgets = [...stored, ...due.map((budget) => ({ ...budget, createdAt: 0, updatedAt: 0 }))];
  return stableId(JSON.stringify(budgets, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value)));
}

/** Sets a monthly hard limit and answers with what is stored then; a dry run with what would be, and stores nothing. */
export async function setTenantBudget(body: Static<typeof setBody>, isDryRun: boolean, deps: ApiDeps) {
  const tenant = checkScopeValue(body.tenant_id, "/tenant_id");
  const limitNano = readAmount(body.monthly_limit_usd, "/monthly_limit_usd", MOST_LIMIT_NANO);
  const whole = body.model === EVERY_MODEL;
  const selector = whole ? { tenant } : { tenant, model: checkScopeValue(body.model, "/model") };
  const place = { selector, window: "month", coversWhenNew: whole ? "rest" : "all" } as const;
  const plan = planBudget(budgetAt(place, deps), place, { limitNano, hard: true }, "POST /api/ai-budget/set", deps);
  const stored = isDryRun ? plan.budget : await deps.budgets.put(plan.budget, plan.change);
  const standing = isDryRun ? await standingAfter(plan, deps) : (await standingsOf([stored], deps.now(), deps))[0]!;
  const notified = await notifiedBudgets([standing], deps);
  const mark = isDryRun ? { dry_run: true } : {};
  return { ...mark, tenant_id: tenant, ...tenantBudget(standing, notified.size > 0), notes: budgetNotes(stored, deps) };
}

function isOfTenant({ selector }: Budget): boolean {
  return Object.keys(selector).every((dimension) => dimension === "tenant" || dimension === "model");
}

function isWholeTenant({ selector }: Budget): boolean {
  return selector.model === undefined;
}

function isMonthly({ window }: Budget): boolean {
  return window === "month";
}

function tenantBudget(standing: Standing, softLimitNotified: boolean): TenantBudget {
  const { budget, account } = standing;
  return {
    model: budget.selector.model ?? EVERY_MODEL,
    monthly_limit_usd: usdNumberOf(account.limitNano),
    current_usage_usd: usdNumberOf(account.spentNano),
    percentage_used: percentUsed(account.spentNano, account.limitNano),
    token_count_input: Number(account.inputTokens),
    token_count_output: Number(account.outputTokens),
    reset_date: instantToSecond(account.window.end),
    status: standingStatus(standing),
    soft_limit_notified: softLimitNotified,
    hard_limit_reached: hardLimitReached(standing),
  };
}

/** Accounts on which a threshold at or above the warning share was told. */
async function notifiedBudgets(standings: readonly Standing[], deps: ApiDeps): Promise<Set<string>> {
  const warnAt = new Map(standings.map(({ budget, account }) => [account.id, budget.warnPercent]));
  const crossings = await deps.store.crossings([...warnAt.keys()]);
  return new Set(crossings.filter(({ account, percent }) => percent >= warnAt.get(account)!).map(({ account }) => account));
}

/** The number whose shortest decimal text is the amount. */
export function usdNumberOf(nano: Nano): number {
  return Number(formatUsd(nano));
}

function sum(amounts: readonly Nano[]): Nano {
  return amounts.reduce((total, amount) => total + amount, 0n);
}
