/*
 * A nightly job that asks a large model where the budget carries it, a small one where not, and keeps what it could not report for its
 * next run. In an application of your own the import is "ballast/client".
 *
 *   BALLAST_URL=http://127.0.0.1:3010 OPENAI_API_KEY=sk-... node client/examples/plain-example.ts acme "What changed?" unsent.json
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import OpenAI from "openai";
import { BudgetExceededError, createBudgetClient, usageOf, withBudget } from "../ballast-client.ts";

const [tenant = "acme", question = "What changed?", unsentFile = "unsent-usage.json"] = process.argv.slice(2);
const MOST_OUTPUT_TOKENS = 500;
const openai = new OpenAI();
const client = createBudgetClient({
  url: process.env.BALLAST_URL ?? "http://127.0.0.1:3010",
  tenant,
  fallback: (_, refused) => (refused.model === "gpt-4o" ? { ...refused, model: "gpt-4o-mini" } : undefined),
});
if (existsSync(unsentFile)) client.restore(JSON.parse(readFileSync(unsentFile, "utf8")));

const ask = withBudget(
  (budget, text: string) =>
    openai.chat.completions.create({
      model: budget.call.model,
      messages: [{ role: "user", content: text }],
      max_tokens: MOST_OUTPUT_TOKENS,
    }),
  {
    client,
    call: (text) => ({ model: "gpt-4o", promptTokens: Math.ceil(text.length / 4), completionTokens: MOST_OUTPUT_TOKENS }),
    usage: usageOf,
  },
);

try {
  const answer = await ask(question);
  console.log(JSON.stringify({ model: answer.model, report: answer.choices[0]?.message.content }));
} catch (error) {
  if (!(error instanceof BudgetExceededError)) throw error;
  const { account, limitUsd, spentUsd, resetDate } = error;
  console.log(JSON.stringify({ refused: error.message, account, limitUsd, spentUsd, resetDate }));
  process.exitCode = 1;
} finally {
  const unsent = await client.close();
  if (unsent.length > 0) writeFileSync(unsentFile, JSON.stringify(unsent));
  else rmSync(unsentFile, { force: true });
}
