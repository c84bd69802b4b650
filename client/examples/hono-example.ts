/*
 * A report service on Hono that calls Anthropic itself, and answers with a template where a budget refuses. In an application of your
 * own the imports are "ballast/client" and "ballast/client/hono"; the same code runs on edge runtimes.
 *
 *   BALLAST_URL=http://127.0.0.1:3010 ANTHROPIC_API_KEY=sk-... PORT=3000 node client/examples/hono-example.ts
 *   curl -i -X POST http://127.0.0.1:3000/reports -H "content-type: application/json" -d '{"tenant":"acme","question":"What changed?"}'
 */
import type { AddressInfo } from "node:net";
import Anthropic from "@anthropic-ai/sdk";
import { serve } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { type CallBudget, createBudgetClient, usageOf } from "../ballast-client.ts";
import { honoBudget } from "../hono-budget.ts";

const MOST_OUTPUT_TOKENS = 500;
const anthropic = new Anthropic();
const budget = createBudgetClient({ url: process.env.BALLAST_URL ?? "http://127.0.0.1:3010" });

const app = new Hono<{ Variables: { budget: CallBudget } }>();
const guard = honoBudget({
  client: budget,
  async call(context: Context) {
    const { tenant, question } = await context.req.json();
    const promptTokens = Math.ceil(question.length / 4);
    return { tenant, model: "claude-3-5-haiku-20241022", promptTokens, completionTokens: MOST_OUTPUT_TOKENS };
  },
  fallback: (refusal, context: Context) => context.json({ report: "Here is last month's report.", because: refusal.message }),
});

app.post("/reports", guard, async (context) => {
  const { question } = await context.req.json();
  const message = await anthropic.messages.create({
    model: context.var.budget.call.model,
    messages: [{ role: "user", content: question }],
    max_tokens: MOST_OUTPUT_TOKENS,
  });
  const usage = usageOf(message);
  if (usage) context.var.budget.track(usage);
  return context.json({ report: message.content.map((block) => (block.type === "text" ? block.text : "")).join("") });
});

const server = serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000), hostname: "127.0.0.1" }, (address: AddressInfo) => {
  console.log(JSON.stringify({ url: `http://127.0.0.1:${address.port}` }));
});
process.once("SIGTERM", () => server.close(() => budget.close()));
