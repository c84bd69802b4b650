import { afterEach, describe, expect, it } from "vitest";
import { PROBLEMS } from "../contract/problem-list.ts";
import { formatUsd, usd } from "../core/money/usd.ts";
import { chatBody, type GatewayKit, type KitOptions, openGatewayKit } from "./gateway-test-kit.ts";

let kit: GatewayKit;
afterEach(() => kit.close());

async function open(options: KitOptions = {}, scope = { tenant: "acme" } as Parameters<GatewayKit["key"]>[0]) {
  kit = await openGatewayKit(options);
  const { secret } = await kit.key(scope);
  return (body: string) =>
    fetch(`${kit.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
      body,
    });
}

interface Refusal {
  error: { code: string; message: string; ballast: Record<string, string> };
}

describe("the budgets of a call", () => {
  it("are all held and all booked: tenant, tenant and model, team, provider", async () => {
    const call = await open({}, { tenant: "acme", team: "search" });
    const selectors = [{ tenant: "acme" }, { team: "search" }, { provider: "sim" }, { tenant: "acme", model: "gpt-4o-mini" }];
    const budgets = await Promise.all(selectors.map((selector) => kit.budget(selector, "10")));
    await call(chatBody({ out: 20 }));
    const spent = await Promise.all(budgets.map(async (budget) => formatUsd((await kit.account(budget.id)).spentNano)));
    expect(spent).toEqual(["0.0000126", "0.0000126", "0.0000126", "0.0000126"]);
  });

  it("on a listed model hold for its dated names too, in any case, and the tenant's default does not", async () => {
    const names = ["gpt-4o", "gpt-4o-2024-08-06", "GPT-4o"];
    const call = await open({ routes: names.map((model) => ({ model, targets: [{ provider: "sim", model }] })) });
    await kit.budget({ tenant: "acme", model: "gpt-4o" }, "0.000001");
    for (const model of names) {
      const answer = await call(chatBody({}, { model }));
      expect([answer.status, ((await answer.json()) as Refusal).error.ballast.budget]).toEqual([429, "tenant=acme,model=gpt-4o"]);
    }
    expect((await call(chatBody({}, { model: "gpt-4o-mini" }))).status).toBe(200);
  });

  it("must all carry it: the one that cannot refuses, and nothing is held on the others", async () => {
    const call = await open({}, { tenant: "acme", team: "search" });
    await kit.budget({ team: "search" }, "0.000001");
    const answer = await call(chatBody());
    const { error } = (await answer.json()) as Refusal;
    expect([answer.status, error.code, error.ballast.budget]).toEqual([429, "budget_exhausted", "team=search"]);
    const account = await kit.account();
    expect([account.heldNano, account.spentNano]).toEqual([0n, 0n]);
  });

  it("that refuse name the account, its numbers and its reset, and the SDKs are told not to try again", async () => {
    const call = await open({ limitUsd: "0.000001" });
    const answer = await call(chatBody());
    const { error } = (await answer.json()) as Refusal;
    const { needed_usd, reset_at } = error.ballast;
    expect(error.message).toBe(
      `AI Budget Exceeded: this call may cost ${needed_usd} USD, and of the 0.000001 USD of budget tenant=acme 0.000001 USD are free until it resets at ${reset_at}. ${PROBLEMS.budget_exhausted.remedy}`,
    );
    expect(error.ballast).toMatchObject({ limit_usd: "0.000001", spent_usd: "0", held_usd: "0", free_usd: "0.000001" });
    expect(usd(error.ballast.needed_usd!)).toBeGreaterThan(usd("0.000001"));
    expect(Date.parse(error.ballast.reset_at!)).toBeGreaterThan(Date.now());
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(answer.headers.get("x-should-retry")).toBe("false");
  });

  it("that are soft tell and do not deny", async () => {
    const call = await open({ limitUsd: "0.000001", budget: { hard: false } });
    expect((await call(chatBody({ out: 20 }))).status).toBe(200);
    const second = await call(chatBody({ out: 20 }));
    expect([second.status, second.headers.get("x-ai-budget-warning")]).toEqual([200, "true"]);
    expect((await kit.store.verify()).findings).toEqual([]);
  });

  it("that fit lower max_tokens until hold and answer fit, and say so", async () => {
    const call = await open({ limitUsd: "0.0003", budget: { onShort: "fit" } });
    const answer = await call(chatBody({ out: 2000 }, { max_tokens: 2000 }));
    expect(answer.status).toBe(200);
    const lowered = Number(answer.headers.get("x-ballast-max-tokens"));
    expect(lowered).toBeGreaterThan(15);
    expect(lowered).toBeLessThan(2000);
    const said = (await answer.json()) as { usage: { completion_tokens: number }; choices: { finish_reason: string }[] };
    expect([said.usage.completion_tokens, said.choices[0]!.finish_reason]).toEqual([lowered, "length"]);
    const { spentNano, limitNano } = await kit.account();
    expect(spentNano <= limitNano).toBe(true);
  });

  it("warn above their share, strictly, on answers and on refusals", async () => {
    const call = await open({ limitUsd: "0.002", budget: { warnPercent: 50 } });
    const first = await call(chatBody({ out: 1000 }, { max_tokens: 1000 }));
    expect([first.status, first.headers.get("x-ai-budget-warning")]).toEqual([200, null]);
    const second = await call(chatBody({ out: 1000 }, { max_tokens: 1000 }));
    expect([second.status, second.headers.get("x-ai-budget-warning")]).toEqual([200, "true"]);
    const refused = await call(chatBody({ out: 1000 }, { max_tokens: 1000 }));
    expect([refused.status, refused.headers.get("x-ai-budget-warning")]).toEqual([429, "true"]);
  });

  it("that refuse a large call while little is used do not warn", async () => {
    const call = await open({ limitUsd: "0.002" });
    const refused = await call(chatBody({}, { max_tokens: 100_000 }));
    expect([refused.status, refused.headers.get("x-ai-budget-warning")]).toEqual([429, null]);
  });

  it("of a new tenant come from the default, created inside the first hold, even for many first calls at once", async () => {
    const call = await open({ limitUsd: "0.002" });
    // All of them together cost more than there is, however few of them overlap.
    const answers = await Promise.all(Array.from({ length: 20 }, () => call(chatBody({ out: 250 }, { max_tokens: 300 }))));
    const refused = answers.filter((answer) => answer.status === 429).length;
    expect(refused).toBeGreaterThan(0);
    await kit.settled(20);
    const { spentNano, limitNano } = await kit.account();
    expect(spentNano <= limitNano).toBe(true);
    expect((await kit.store.audit(100)).filter((row) => row.action === "budget.create")).toHaveLength(1);
  });

  it("take a raised limit with the next call, and a lowered one too", async () => {
    const call = await open({ limitUsd: "0.000001" });
    expect((await call(chatBody())).status).toBe(429);
    await kit.budget({ tenant: "acme" }, "1", { covers: "rest" });
    expect((await call(chatBody())).status).toBe(200);
    await kit.budget({ tenant: "acme" }, "0.00002", { covers: "rest" });
    expect((await call(chatBody())).status).toBe(429);
    expect((await kit.store.verify()).findings).toEqual([]);
  });

  it("hold for a route what its dearest target can cost", async () => {
    const routes = [
      {
        model: "either",
        targets: [
          { provider: "sim", model: "gpt-4o-mini" },
          { provider: "sim", model: "gpt-4o" },
        ],
      },
    ];
    const call = await open({ routes });
    await call(chatBody({ out: 5 }, { model: "either" }));
    await call(chatBody({ out: 5 }, { model: "gpt-4o" }));
    const [either, dear] = await kit.settled(2);
    expect(either!.held_usd).toBe(dear!.held_usd);
    expect(either!.model_id).toBe("gpt-4o-mini");
  });
});
