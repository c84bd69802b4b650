/*
 * A chat on Express that streams OpenAI's answer on, within its tenants' budgets. In an application of your own the imports are
 * "ballast/client" and "ballast/client/express".
 *
 *   BALLAST_URL=http://127.0.0.1:3010 OPENAI_API_KEY=sk-... PORT=3000 node client/examples/express-example.ts
 *   curl -iN -X POST http://127.0.0.1:3000/reports -H "content-type: application/json" -d '{"tenant":"acme","question":"What changed?"}'
 */
import type { AddressInfo } from "node:net";
import express, { type Request } from "express";
import OpenAI from "openai";
import { createBudgetClient, usageOfStream } from "../ballast-client.ts";
import { expressBudget } from "../express-budget.ts";

const MOST_OUTPUT_TOKENS = 500;
const openai = new OpenAI();
const budget = createBudgetClient({ url: process.env.BALLAST_URL ?? "http://127.0.0.1:3010" });

type Ask = Request<object, unknown, { tenant: string; question: string }>;

const app = express();
app.use(express.json());
const guard = expressBudget({
  client: budget,
  call: ({ body }: Ask) => ({
    tenant: body.tenant,
    model: "gpt-4o-mini",
    promptTokens: Math.ceil(body.question.length / 4),
    completionTokens: MOST_OUTPUT_TOKENS,
  }),
});

app.post("/reports", guard, async (request: Ask, response) => {
  const stream = await openai.chat.completions.create({
    model: request.budget.call.model,
    messages: [{ role: "user", content: request.body.question }],
    max_tokens: MOST_OUTPUT_TOKENS,
    stream: true,
    // Without it OpenAI says nothing of what a stream used.
    stream_options: { include_usage: true },
  });
  response.type("text/plain");
  const chunks = usageOfStream(stream, (usage) => {
    if (usage) request.budget.track(usage);
    else console.error("a stream ended without its usage; nothing was reported");
  });
  for await (const chunk of chunks) response.write(chunk.choices[0]?.delta.content ?? "");
  response.end();
});

const server = app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  console.log(JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }));
});
process.once("SIGTERM", () => server.close(() => budget.close()));
