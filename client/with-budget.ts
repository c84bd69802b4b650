import type { BudgetCall } from "./budget-call.ts";
import type { BudgetClient } from "./budget-client.ts";
import { type CallBudget, callBudget, type Refusal, type ReportedUsage } from "./call-budget.ts";

export interface WithBudgetOptions<Given extends unknown[], Result> {
  readonly client: BudgetClient;
  /** The call that the function makes, or how to tell it from what the function is given. */
  readonly call: BudgetCall | ((...given: Given) => BudgetCall | Promise<BudgetCall>);
  /** Reads what was used from the result, such as `usageOf`; without it the function reports with `budget.track`. */
  readonly usage?: (result: Result) => ReportedUsage | undefined;
  /** Stands in when the call is refused, such as with a template. Without it the refusal is thrown. */
  readonly fallback?: (refusal: Refusal, ...given: Given) => Result | Promise<Result>;
}

/**
 * The function, run only when the budgets carry its call. Where it throws nothing is reported, since nobody knows what was used.
 * @throws BudgetExceededError, BudgetUnavailableError without a fallback; BudgetRequestError where Ballast does not accept the question
 */
export function withBudget<Given extends unknown[], Result>(
  run: (budget: CallBudget, ...given: Given) => Result | Promise<Result>,
  options: WithBudgetOptions<Given, Result>,
): (...given: Given) => Promise<Result> {
  const { client, call, usage, fallback } = options;
  return async (...given) => {
    const check = await client.check(typeof call === "function" ? await call(...given) : call);
    if (!check.allowed) {
      if (!fallback) throw check.error;
      return fallback(check.error, ...given);
    }
    const budget = callBudget(client, check);
    const result = await run(budget, ...given);
    const used = usage?.(result);
    if (used) budget.track(used);
    return result;
  };
}
