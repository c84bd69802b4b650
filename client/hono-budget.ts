import type { BudgetClient } from "./budget-client.ts";
import { admit, type CallOf, type Refusal, refusalAnswer, WARNING_HEADER } from "./call-budget.ts";

/** What is used of Hono's context. */
export interface BudgetContext {
  set(name: "budget", value: never): void;
  header(name: string, value: string): void;
}

export interface HonoBudgetOptions<Context> {
  readonly client: BudgetClient;
  readonly call: CallOf<Context>;
  /** Answers a refused request, such as with a template. Without it: 429. */
  readonly fallback?: (refusal: Refusal, context: Context) => Response | Promise<Response>;
}

/** Middleware. The handler has `context.var.budget`: `new Hono<{ Variables: { budget: CallBudget } }>()`. */
export function honoBudget<Context extends BudgetContext>({
  client,
  call,
  fallback,
}: HonoBudgetOptions<Context>): (context: NoInfer<Context>, next: () => Promise<void>) => Promise<Response | undefined> {
  return async (context, next) => {
    const admission = await admit(client, call, context);
    if (admission && "refusal" in admission) {
      if (fallback) return fallback(admission.refusal, context);
      const { status, headers, body } = refusalAnswer(admission.refusal);
      return new Response(JSON.stringify(body), { status, headers: { ...headers, "Content-Type": "application/json; charset=utf-8" } });
    }
    if (admission) context.set("budget", admission.budget as never);
    await next();
    // Only now there is an answer, which may be one that the handler made without the context.
    if (admission?.budget.warning) context.header(WARNING_HEADER, "true");
    return undefined;
  };
}
