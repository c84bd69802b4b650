import OpenAI, { RateLimitError } from "openai";
import { afterEach, describe, expect, it } from "vitest";
import { usd } from "../core/money/usd.ts";
import type { RunDefaults } from "../data/store/budget-catalog.ts";
import { type GatewayKit, openGatewayKit } from "./gateway-test-kit.ts";

let kit: GatewayKit;
afterEach(() => kit.close());

const ways = { hard: true, onShort: "deny", thresholds: [], warnPercent: 80 } as const;
const runs = (limitUsd: string, more: Partial<RunDefaults> = {}): RunDefaults => ({
  budget: { ...ways, limitNano: usd(limitUsd) },
  ...more,
});

async function open(defaults: RunDefaults, limitUsd = "1000") {
  kit = await openGatewayKit({ runs: defaults, limitUsd });
  const clientOf = async (tenant: string) => {
    const { secret } = await kit.key({ tenant }, { mayName: ["run"] });
    return new OpenAI({ baseURL: `${kit.url}/v1`, apiKey: secret, maxRetries: 0 });
  };
  return { acme: await clientOf("acme"), clientOf };
}

function ask(openai: OpenAI, run?: string) {
  const headers = run === undefined ? {} : { "x-ballast-run": run };
  const content = 'How are you? [[sim {"out":100}]]';
  return openai.chat.completions.create({ model: "gpt-4o-mini", max_tokens: 100, messages: [{ role: "user", content }] }, { headers });
}

async function untilRefused(openai: OpenAI, run: string): Promise<{ answered: number; refusal: RateLimitError }> {
  for (let answered = 0; answered < 50; answered++) {
    try {
      await ask(openai, run);
    } catch (error) {
      expect(error).toBeInstanceOf(RateLimitError);
      return { answered, refusal: error as RateLimitError };
    }
  }
  throw new Error("50 calls of one run were answered");
}

describe("the budget of a run", () => {
  it("is made by the run's first call, refuses when it is used up, and leaves other runs and calls without one alone", async () => {
    const { acme } = await open(runs("0.0005"));
    const { answered, refusal } = await untilRefused(acme, "r1");
    expect(answered).toBeGreaterThan(1);
    const details = (refusal.error as { ballast: Record<string, unknown> }).ballast;
    expect(details).toMatchObject({ budget: "tenant=acme,run=r1,window=run", limit_usd: "0.0005", reset_at: null });
    expect(refusal.headers.get("retry-after")).toBeNull();
    expect((await ask(acme, "r2")).object).toBe("chat.completion");
    expect((await ask(acme)).object).toBe("chat.completion");
    const created = (await kit.store.audit(10)).filter(({ action }) => action === "budget.create");
    expect(created.map(({ target }) => target).sort()).toEqual([
      "tenant=acme",
      "tenant=acme,run=r1,window=run",
      "tenant=acme,run=r2,window=run",
    ]);
    await kit.settled(answered + 3);
    const { spentNano, limitNano } = await kit.account("tenant=acme,run=r1,window=run");
    expect([spentNano > 0n, spentNano <= limitNano]).toEqual([true, true]);
  });

  it("is one per tenant: the same name of another tenant has money of its own", async () => {
    const { acme, clientOf } = await open(runs("0.0005"));
    await untilRefused(acme, "r1");
    expect((await ask(await clientOf("globex"), "r1")).object).toBe("chat.completion");
  });

  it("stands beside the tenant's: whichever is short refuses", async () => {
    const { acme } = await open(runs("1000"), "0.0005");
    const { refusal } = await untilRefused(acme, "r1");
    expect((refusal.error as { ballast: Record<string, unknown> }).ballast.budget).toBe("tenant=acme");
  });

  it("gives way to a budget that somebody set for that run", async () => {
    const { acme } = await open(runs("0.000000001"));
    await kit.budget({ tenant: "acme", run: "large" }, "1", { window: "run" });
    expect((await ask(acme, "large")).object).toBe("chat.completion");
    await expect(ask(acme, "small")).rejects.toBeInstanceOf(RateLimitError);
  });

  it("takes no memory for ever: of a flood of invented runs few stay, leases go back, and a run that returns has what it spent", async () => {
    const { acme } = await open(runs("0.0005", { most: 5 }));
    const { answered } = await untilRefused(acme, "first");
    for (let run = 0; run < 40; run++) await ask(acme, `invented-${run}`);
    const inMemory = kit.catalog.all().filter(({ window }) => window === "run");
    expect(inMemory.map(({ selector }) => selector.run)).toEqual([35, 36, 37, 38, 39].map((run) => `invented-${run}`));
    await kit.settled(answered + 41);
    await kit.desk.giveBackIdle("ended_windows", Date.now());
    const leased = (await kit.store.leases()).filter(({ account, amountNano }) => account.includes("run=") && amountNano > 0n);
    expect(leased.length).toBeLessThanOrEqual(5);
    await expect(ask(acme, "first")).rejects.toBeInstanceOf(RateLimitError);
    expect((await kit.store.verify()).findings).toEqual([]);
  });

  it("is kept while it is called, however many others come and go", async () => {
    const { acme } = await open(runs("1", { most: 3 }));
    for (let run = 0; run < 10; run++) {
      await ask(acme, "steady");
      await ask(acme, `passing-${run}`);
    }
    expect(kit.catalog.get("tenant=acme,run=steady,window=run")).toBeDefined();
    expect((await kit.store.audit(100)).filter(({ target }) => target.includes("steady"))).toHaveLength(1);
  });
});
