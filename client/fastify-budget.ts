import type { BudgetClient } from "./budget-client.ts";
import { admit, type CallOf, type Refusal, refusalAnswer, WARNING_HEADER } from "./call-budget.ts";

/** What is used of Fastify's reply, any version. */
export interface BudgetReply {
  code(status: number): unknown;
  header(name: string, value: string): unknown;
  send(body: unknown): unknown;
}

export interface FastifyBudgetOptions<Request, Reply> {
  readonly client: BudgetClient;
  readonly call: CallOf<Request>;
  /** Answers a refused request, such as with a template: sends something, or returns it as a handler does. Without it: 429. */
  readonly fallback?: (refusal: Refusal, request: Request, reply: Reply) => unknown;
}

/**
 * A preHandler hook, of one route or of all in a scope. The handler has `request.budget`, a `CallBudget`; say so to TypeScript with
 * `declare module "fastify" { interface FastifyRequest { budget: CallBudget } }`.
 */
export function fastifyBudget<Request extends object, Reply extends BudgetReply>({
  client,
  call,
  fallback,
}: FastifyBudgetOptions<Request, Reply>): (request: NoInfer<Request>, reply: NoInfer<Reply>) => Promise<unknown> {
  return async (request, reply) => {
    const admission = await admit(client, call, request);
    if (!admission) return undefined;
    if ("budget" in admission) {
      Object.assign(request, { budget: admission.budget });
      if (admission.budget.warning) reply.header(WARNING_HEADER, "true");
      return undefined;
    }
    if (fallback) {
      const answer = await fallback(admission.refusal, request, reply);
      // Fastify takes a hook that resolves to its reply as one that has answered.
      if (answer !== undefined && answer !== reply) reply.send(answer);
      return reply;
    }
    const { status, headers, body } = refusalAnswer(admission.refusal);
    for (const [name, value] of Object.entries(headers)) reply.header(name, value);
    reply.code(status);
    reply.send(body);
    return reply;
  };
}
