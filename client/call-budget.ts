import type { BudgetCall, CallUsage, TenantCall } from "./budget-call.ts";
import type { CheckResult } from "./budget-check.ts";
import type { BudgetClient } from "./budget-client.ts";
import { BudgetExceededError, type BudgetUnavailableError } from "./budget-errors.ts";

/** Usage of an admitted call: tenant, model and dimensions are the call's where it names none. */
export type ReportedUsage = Omit<CallUsage, "model"> & { readonly model?: string };

/** What a handler has of the budgets of its call. */
export interface CallBudget {
  /** The call that was admitted: its model is the one to use, since a fallback may stand in. */
  readonly call: TenantCall;
  /** A budget of the call is above its warning share. */
  readonly warning: boolean;
  readonly check: Extract<CheckResult, { allowed: true }>;
  /** Reports in the background what the call used. @returns the request id */
  track(usage: ReportedUsage): string;
}

/** The call that a request makes, or how to read it from the request. undefined: it calls no model, and is let through without `budget`. */
export type CallOf<Request> = BudgetCall | ((request: Request) => BudgetCall | undefined | Promise<BudgetCall | undefined>);

export type Refusal = BudgetExceededError | BudgetUnavailableError;

/** Asks before a handler runs. @returns undefined for a request that calls no model */
export async function admit<Request>(
  client: BudgetClient,
  callOf: CallOf<Request>,
  request: Request,
): Promise<{ readonly budget: CallBudget } | { readonly refusal: Refusal } | undefined> {
  const call = typeof callOf === "function" ? await callOf(request) : callOf;
  if (!call) return undefined;
  const result = await client.check(call);
  return result.allowed ? { budget: callBudget(client, result) } : { refusal: result.error };
}

export function callBudget(client: BudgetClient, check: Extract<CheckResult, { allowed: true }>): CallBudget {
  const { call, warning } = check;
  const { promptTokens: _prompt, completionTokens: _completion, estimatedCostUsd: _cost, ...scope } = call;
  return { call, warning, check, track: (usage) => client.track({ ...scope, ...usage }) };
}

export const WARNING_HEADER = "X-AI-Budget-Warning";

/** What a refused request is answered with: Ballast's own 429, or 503 where Ballast could not be asked. */
export function refusalAnswer(refusal: Refusal): { status: number; headers: Record<string, string>; body: object } {
  const { statusCode: status, message, code, retryAfterSeconds } = refusal;
  const headers: Record<string, string> = { "Retry-After": String(retryAfterSeconds) };
  if (!(refusal instanceof BudgetExceededError)) {
    return { status, headers, body: { statusCode: status, error: "Service Unavailable", message, code } };
  }
  if (refusal.warning) headers[WARNING_HEADER] = "true";
  return { status, headers, body: refusal.body };
}
