import type { TenantCall } from "./budget-call.ts";

/** The body of Ballast's 429, as the FinOps guide prints it. */
export interface BudgetRefusal {
  readonly statusCode: 429;
  readonly error: "Too Many Requests";
  readonly message: "AI Budget Exceeded";
  readonly code: "budget_exhausted";
  readonly allowed: false;
  readonly tenant_id: string;
  readonly model: string;
  /** The budget, and its window, that cannot carry the call. */
  readonly account: string;
  readonly limit_usd: number;
  readonly spent_usd: number;
  readonly held_usd: number;
  readonly in_doubt_usd: number;
  readonly estimated_cost_usd: number;
  readonly reset_date: string;
  readonly remedy: string;
}

/** A budget does not carry the call. */
export class BudgetExceededError extends Error {
  override readonly name = "BudgetExceededError";
  readonly statusCode = 429;
  readonly code = "budget_exhausted";
  readonly tenant: string;
  readonly model: string;
  readonly account: string;
  readonly limitUsd: number;
  readonly spentUsd: number;
  readonly heldUsd: number;
  readonly inDoubtUsd: number;
  readonly estimatedCostUsd: number;
  readonly resetDate: Date;
  readonly remedy: string;
  /** Whether the answer carried `X-AI-Budget-Warning`. */
  readonly warning: boolean;
  readonly retryAfterSeconds: number;
  /** As Ballast sent it. */
  readonly body: BudgetRefusal;

  constructor(body: BudgetRefusal, retryAfterSeconds: number, warning: boolean) {
    super(body.message);
    this.tenant = body.tenant_id;
    this.model = body.model;
    this.account = body.account;
    this.limitUsd = body.limit_usd;
    this.spentUsd = body.spent_usd;
    this.heldUsd = body.held_usd;
    this.inDoubtUsd = body.in_doubt_usd;
    this.estimatedCostUsd = body.estimated_cost_usd;
    this.resetDate = new Date(body.reset_date);
    this.remedy = body.remedy;
    this.retryAfterSeconds = retryAfterSeconds;
    this.warning = warning;
    this.body = body;
  }
}

/** Ballast could not be asked, and the client was told to deny calls then. */
export class BudgetUnavailableError extends Error {
  override readonly name = "BudgetUnavailableError";
  readonly statusCode = 503;
  readonly code = "budget_unavailable";
  readonly tenant: string;
  readonly model: string;
  readonly retryAfterSeconds: number;

  constructor(call: TenantCall, reason: string, retryAfterSeconds: number) {
    super(`The budgets could not be asked: ${reason}`);
    this.tenant = call.tenant;
    this.model = call.model;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Ballast does not accept the question: a model without a price, a wrong token, a field that cannot be. Asking again does not help. */
export class BudgetRequestError extends Error {
  override readonly name = "BudgetRequestError";
  /** What Ballast answered: 400, 401, 402, 403, ... Not `status`, which Express would answer its own caller with. */
  readonly ballastStatus: number;
  /** From Ballast's list of problems, such as `model_not_priced`. */
  readonly code: string;

  constructor(ballastStatus: number, code: string, detail: string) {
    super(`${detail} (${ballastStatus} ${code})`);
    this.ballastStatus = ballastStatus;
    this.code = code;
  }
}
