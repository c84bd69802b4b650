import type { BudgetClient } from "./budget-client.ts";
import { admit, type CallBudget, type CallOf, type Refusal, refusalAnswer, WARNING_HEADER } from "./call-budget.ts";

declare global {
  namespace Express {
    interface Request {
      /** Set by `expressBudget`, on the routes that it guards. */
      budget: CallBudget;
    }
  }
}

/** What is used of Express's response, versions 4 and 5. */
export interface BudgetResponse {
  status(status: number): unknown;
  setHeader(name: string, value: string): unknown;
  json(body: unknown): unknown;
}

export interface ExpressBudgetOptions<Request, Response> {
  readonly client: BudgetClient;
  readonly call: CallOf<Request>;
  /** Answers a refused request, such as with a template. Without it: 429. */
  readonly fallback?: (refusal: Refusal, request: Request, response: Response) => unknown;
}

/** Middleware of one route, a router or the application. The handler has `request.budget`. */
export function expressBudget<Request extends object, Response extends BudgetResponse>({
  client,
  call,
  fallback,
}: ExpressBudgetOptions<Request, Response>): (
  request: NoInfer<Request>,
  response: NoInfer<Response>,
  next: (error?: unknown) => void,
) => Promise<void> {
  return async (request, response, next) => {
    try {
      const admission = await admit(client, call, request);
      if (admission && "refusal" in admission) {
        if (fallback) return void (await fallback(admission.refusal, request, response));
        const { status, headers, body } = refusalAnswer(admission.refusal);
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
        response.status(status);
        return void response.json(body);
      }
      if (admission) Object.assign(request, { budget: admission.budget });
      if (admission?.budget.warning) response.setHeader(WARNING_HEADER, "true");
    } catch (error) {
      // Express 4 does not see a middleware's rejection.
      return next(error);
    }
    next();
  };
}
