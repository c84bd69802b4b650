import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BudgetClient, createBudgetClient } from "./budget-client.ts";
import { BudgetExceededError } from "./budget-errors.ts";
import { RestartedBallast } from "./client-test-kit.ts";
import { usageOf } from "./usage-of.ts";
import { withBudget } from "./with-budget.ts";

const MODEL = "gpt-4o-mini";
const ballast = new RestartedBallast();
let client: BudgetClient;
beforeAll(async () => {
  await ballast.start();
  client = createBudgetClient({ url: ballast.url, checkTimeoutMs: 10_000 });
  await ballast.setBudget("rich", 100);
  await ballast.setBudget("poor", 0.0001);
});
afterAll(async () => {
  await client.close(0);
  await ballast.remove();
});

/** What an SDK would answer. */
async function answer(question: string) {
  return { text: question.toUpperCase(), usage: { prompt_tokens: 1000, completion_tokens: 1000 } };
}
const call = (tenant: string) => ({ tenant, model: MODEL, promptTokens: 1000, completionTokens: 1000 });

describe("withBudget", () => {
  it("runs a function whose call the budgets carry, and reports what its result used", async () => {
    const ask = withBudget((_, __: string, question: string) => answer(question), {
      client,
      call: (tenant) => call(tenant),
      usage: usageOf,
    });
    expect(await ask("rich", "why")).toMatchObject({ text: "WHY" });
    expect(await client.flush()).toBe(0);
    expect(await ballast.usage("rich")).toEqual({ usd: 0.00075, inputTokens: 1000, outputTokens: 1000 });
  });

  it("throws the refusal, and runs nothing", async () => {
    let runs = 0;
    const ask = withBudget(async (_, __: string) => ++runs, { client, call });
    await expect(ask("poor")).rejects.toBeInstanceOf(BudgetExceededError);
    await expect(ask("poor")).rejects.toMatchObject({ statusCode: 429, limitUsd: 0.0001 });
    expect(runs).toBe(0);
  });

  it("gives the fallback's result in place of a refusal", async () => {
    const ask = withBudget(async (_, tenant: string) => `a report for ${tenant}`, {
      client,
      call,
      fallback: (refusal, tenant) => `a template for ${tenant}, since: ${refusal.message}`,
    });
    expect(await ask("poor")).toBe("a template for poor, since: AI Budget Exceeded");
  });

  it("lets the function use the model that was admitted, and report by itself", async () => {
    const frugal = createBudgetClient({
      url: ballast.url,
      checkTimeoutMs: 10_000,
      fallback: (_, refused) => (refused.model === "gpt-4o" ? { ...refused, model: MODEL } : undefined),
    });
    await ballast.setBudget("split", 0.0001, "gpt-4o");
    const ask = withBudget(
      async (budget, _: string) => {
        budget.track({ promptTokens: 10, completionTokens: 10 });
        return budget.call.model;
      },
      { client: frugal, call: (tenant) => ({ ...call(tenant), model: "gpt-4o" }) },
    );
    expect(await ask("split")).toBe(MODEL);
    expect(await frugal.close()).toEqual([]);
    expect(await ballast.usage("split")).toMatchObject({ inputTokens: 10, outputTokens: 10 });
  });

  it("reports nothing where the function throws", async () => {
    const ask = withBudget(
      async (_, __: string) => {
        throw new Error("the provider is away");
      },
      { client, call, usage: usageOf },
    );
    const before = client.counts();
    await expect(ask("rich")).rejects.toThrow("the provider is away");
    expect(client.counts()).toEqual(before);
  });
});
