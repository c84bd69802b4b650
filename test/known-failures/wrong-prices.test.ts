import { afterEach, describe, expect, it } from "vitest";
import { usd } from "../../src/core/money/usd.ts";
import { chatBody } from "../../src/gateway/gateway-test-kit.ts";
import { type FailureKit, openFailureKit } from "./failure-kit.ts";

/* Complaints 46 to 58 of docs/reference/known-failures.md, as far as no test of the prices proves them already. */
let kit: FailureKit;
afterEach(() => kit.close());

describe("a model without a price", () => {
  // 55: JiRaska/open-bank-oss #3298, onyx-dot-app/onyx #14947, $0 voided every budget; 56: BerriAI/litellm #30715, not merged.
  it("is refused before anything is sent, and never costs nothing", async () => {
    kit = await openFailureKit();
    const answer = await kit.call(chatBody({}, { model: "gpt-of-next-year" }));
    expect([answer.status, (await kit.refusal(answer)).code]).toEqual([402, "model_not_priced"]);
    expect(
      (await kit.ask("POST", "/api/ai-budget/check", { tenant_id: "acme", model: "gpt-of-next-year", prompt_tokens: 1 })).json.code,
    ).toBe("model_not_priced");
    const tracked = { tenant_id: "acme", model: "gpt-of-next-year", prompt_tokens: 10, completion_tokens: 10 };
    expect((await kit.ask("POST", "/api/ai-budget/track", tracked)).json.code).toBe("model_not_priced");
    expect(kit.sim.stats().requests).toBe(0);
  });

  // 50: litellm #36914, 43 of 55 transcription models at $0.
  it("is never one that is listed at nothing: whatever the list has for this provider's chat models costs something", async () => {
    kit = await openFailureKit();
    for (const model of ["gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano", "gpt-5.4", "gpt-5.4-mini", "o3"]) {
      const answer = await kit.call(chatBody({ out: 3 }, { model }));
      expect([model, answer.status, usd(answer.headers.get("x-ballast-cost-usd") ?? "0") > 0n]).toEqual([model, 200, true]);
    }
  });
});

describe("cached tokens", () => {
  // 46: litellm #9812, #5443, #6575, #11364, #40016, #31282, billed twice or not at all; 47: litellm #14849, 0.7642 where 0.1849 was right.
  it("are counted once, at their own price: by OpenAI within the prompt, by Anthropic beside it", async () => {
    kit = await openFailureKit();
    await kit.call(chatBody({ in: 40, cached: 30, out: 10 }));
    const claude = { ...JSON.parse(chatBody({ in: 40, cached: 20, cache_write: 10, out: 10 })), model: "claude-haiku-4-5" };
    await kit.call(JSON.stringify(claude), { path: "/v1/messages" });
    const [openai, anthropic] = await kit.settled(2);
    // gpt-4o-mini: $0.15, cached $0.075, output $0.60 per million.
    expect(usd(openai!.unit_cost_usd!)).toBe(10n * 150n + 30n * 75n + 10n * 600n);
    expect(openai!.prompt_tokens).toBe(40);
    // claude-haiku-4-5: $1, cache read $0.10, cache write $1.25, output $5 per million.
    expect(anthropic!.prompt_tokens).toBe(40);
    expect(usd(anthropic!.unit_cost_usd!)).toBe(10n * 1000n + 20n * 100n + 10n * 1250n + 10n * 5000n);
  });
});
