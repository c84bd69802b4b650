import { budgetKeyOf, type TenantCall } from "./budget-call.ts";
import type { BudgetExceededError } from "./budget-errors.ts";

/** What Ballast said to a call that the budgets carry. */
export interface CheckAnswer {
  readonly allowed: true;
  readonly tenant_id: string;
  readonly model: string;
  readonly estimated_cost_usd: number;
  readonly current_usage_usd: number | null;
  readonly monthly_limit_usd: number | null;
  /** The least that is left on any budget of the call; null where none covers it. */
  readonly remaining_usd: number | null;
  readonly percentage_used: number | null;
  readonly reset_date: string | null;
  readonly warning: boolean;
}

/** A call whose cost Ballast told: no call of at most as many tokens costs more. */
interface PricedCall {
  readonly call: TenantCall;
  readonly costNano: bigint;
  readonly until: number;
}

type Status =
  | {
      readonly tenant: string;
      readonly until: number;
      readonly answer: CheckAnswer;
      freeNano: bigint | null;
      readonly priced: PricedCall[];
    }
  | { readonly tenant: string; readonly until: number; readonly refusal: BudgetExceededError; readonly call: TenantCall };

export type KnownStatus = { readonly answer: CheckAnswer } | { readonly refusal: BudgetExceededError };

const MOST_STATUSES = 1000;
const MOST_PRICED = 8;

/**
 * The last answer for each set of budgets, for a while. What one answer admits adds up: calls are admitted from it only while their
 * costs together fit what it said was left, so it never admits what its own numbers refuse.
 */
export class StatusCache {
  readonly #statuses = new Map<string, Status>();
  readonly #admittedForMs: number;
  readonly #refusedForMs: number;

  constructor(admittedForMs: number, refusedForMs: number) {
    this.#admittedForMs = admittedForMs;
    this.#refusedForMs = refusedForMs;
  }

  /** @returns undefined where only Ballast can say: nothing is known, it is too old, or the call's cost is not known or not left */
  admit(call: TenantCall, now: number): KnownStatus | undefined {
    const status = this.#statuses.get(budgetKeyOf(call));
    if (!status || now >= status.until) return undefined;
    // A call that is no smaller than the refused one. Smaller ones may fit, and whether they do is not known here.
    if ("refusal" in status) return covers(call, status.call) ? { refusal: status.refusal } : undefined;
    const { answer, freeNano } = status;
    if (freeNano === null) return { answer };
    const costNano = costOf(call, status.priced, now);
    if (costNano === undefined || costNano > freeNano || freeNano <= 0n) return undefined;
    status.freeNano = freeNano - costNano;
    return { answer };
  }

  keepAnswer(call: TenantCall, answer: CheckAnswer, now: number): void {
    const before = this.#statuses.get(budgetKeyOf(call));
    const costNano = nanoOf(answer.estimated_cost_usd, "up");
    const known = before && "priced" in before ? before.priced.filter((each) => now < each.until && !isSame(each.call, call)) : [];
    const until = now + this.#admittedForMs;
    const freeNano = answer.remaining_usd === null ? null : nanoOf(answer.remaining_usd, "down") - costNano;
    const priced = [...known.slice(1 - MOST_PRICED), { call, costNano, until }];
    this.#keep(call, { tenant: call.tenant, until, answer, freeNano, priced });
  }

  /** Not beyond the reset, and shorter than an admission: who raises a budget wants calls to pass. */
  keepRefusal(call: TenantCall, refusal: BudgetExceededError, now: number): void {
    const until = Math.min(now + this.#refusedForMs, now + refusal.retryAfterSeconds * 1000);
    this.#keep(call, { tenant: call.tenant, until, refusal, call });
  }

  /** After usage was booked: any budget of the tenant may have less left, whatever the model. */
  forget(tenant: string): void {
    for (const [key, status] of this.#statuses) if (status.tenant === tenant) this.#statuses.delete(key);
  }

  #keep(call: TenantCall, status: Status): void {
    const key = budgetKeyOf(call);
    this.#statuses.delete(key);
    this.#statuses.set(key, status);
    if (this.#statuses.size > MOST_STATUSES) this.#statuses.delete(this.#statuses.keys().next().value!);
  }
}

/** Whether an answer about `larger` says enough about `smaller`, a call under the same budgets. */
export function covers(larger: TenantCall, smaller: TenantCall): boolean {
  const [largerCost, smallerCost] = [larger.estimatedCostUsd, smaller.estimatedCostUsd];
  if (largerCost !== undefined || smallerCost !== undefined) return largerCost! >= smallerCost! && smallerCost! >= 0;
  return isAtMost(smaller.promptTokens, larger.promptTokens) && isAtMost(smaller.completionTokens, larger.completionTokens);
}

function isSame(a: TenantCall, b: TenantCall): boolean {
  return covers(a, b) && covers(b, a);
}

/** Of the two counts, one left out is zero, as for Ballast. */
function isAtMost(count = 0, most = 0): boolean {
  return count >= 0 && count <= most;
}

function costOf(call: TenantCall, priced: readonly PricedCall[], now: number): bigint | undefined {
  const given = call.estimatedCostUsd;
  // What cannot be a cost is asked about, so that Ballast says why.
  if (given !== undefined) return given >= 0 && given < Number.POSITIVE_INFINITY ? nanoOf(given, "up") : undefined;
  const bounds = priced.filter((each) => now < each.until && covers(each.call, call)).map(({ costNano }) => costNano);
  return bounds.length === 0 ? undefined : bounds.reduce((least, cost) => (cost < least ? cost : least));
}

/** Whole nano-dollars, costs rounded up and what is left rounded down, so that sums in a binary fraction never admit too much. */
function nanoOf(usd: number, round: "up" | "down"): bigint {
  const nano = usd * 1e9;
  return BigInt(round === "up" ? Math.ceil(nano) : Math.floor(nano));
}
