/*
 * What `ballast/client` gives. The one list of names in the repository that only passes them on: a package needs a face. Adapters for
 * frameworks are entries of their own, so that nobody loads another framework's.
 */
export type { BudgetCall, CallDimensions, CallUsage, TenantCall, UsageReport } from "./budget-call.ts";
export type { CheckResult } from "./budget-check.ts";
export { type BudgetClient, type BudgetClientOptions, type BudgetWarning, createBudgetClient } from "./budget-client.ts";
export { BudgetExceededError, type BudgetRefusal, BudgetRequestError, BudgetUnavailableError } from "./budget-errors.ts";
export type { CallBudget, Refusal, ReportedUsage } from "./call-budget.ts";
export type { CheckAnswer } from "./status-cache.ts";
export { type TokenUsage, usageOf, usageOfStream } from "./usage-of.ts";
export type { DroppedUsage } from "./usage-queue.ts";
export { type WithBudgetOptions, withBudget } from "./with-budget.ts";
