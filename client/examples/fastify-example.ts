/*
 * A report service on Fastify that calls OpenAI itself, within its tenants' budgets. In an application of your own the imports are
 * "ballast/client" and "ballast/client/fastify".
 *
 *   BALLAST_URL=http://127.0.0.1:3010 OPENAI_API_KEY=sk-... PORT=3000 node client/examples/fastify-example.ts
 *   curl -i -X POST http://127.0.0.1:3000/reports -H "content-type: application/json" -d '{"tenant":"acme","question":"What changed?"}'
 */
import { type FastifyRequest, fastify } from "fastify";
import OpenAI from "openai";
import { type CallBudget, createBudgetClient, usageOf } from "../ballast-client.ts";
import { fastifyBudget } from "../fastify-budget.ts";

declare module "fastify" {
  interface FastifyRequest {
    budget: CallBudget;
  }
}

const MOST_OUTPUT_TOKENS = 500;
const openai = new OpenAI();
const budget = createBudgetClient({
  url: process.env.BALLAST_URL ?? "http://127.0.0.1:3010",
  onWarning: (warning) => console.warn(warning),
  onDropped: (dropped) => console.error("usage that will not be booked:", dropped),
});

type Ask = FastifyRequest<{ Body: { tenant: string; question: string } }>;

const app = fastify();
const guard = fastifyBudget({
  client: budget,
  // A token is about four characters of English; what it was exactly is reported afterwards.
  call: ({ body }: Ask) => ({
    tenant: body.tenant,
    model: "gpt-4o-mini",
    promptTokens: Math.ceil(body.question.length / 4),
    completionTokens: MOST_OUTPUT_TOKENS,
  }),
});

app.post("/reports", { preHandler: guard }, async (request: Ask) => {
  const answer = await openai.chat.completions.create({
    model: request.budget.call.model,
    messages: [{ role: "user", content: request.body.question }],
    max_tokens: MOST_OUTPUT_TOKENS,
  });
  const usage = usageOf(answer);
  if (usage) request.budget.track({ ...usage, reportType: "quarterly" });
  return { report: answer.choices[0]?.message.content };
});

// What is not delivered when the service stops would be lost with it.
app.addHook("onClose", async () => {
  const left = await budget.close();
  if (left.length > 0) console.error("usage to restore() at the next start:", JSON.stringify(left));
});
process.once("SIGTERM", () => app.close());

console.log(JSON.stringify({ url: await app.listen({ port: Number(process.env.PORT ?? 3000), host: "127.0.0.1" }) }));
