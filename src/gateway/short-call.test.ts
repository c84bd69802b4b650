import Anthropic from "@anthropic-ai/sdk";
import OpenAI, { RateLimitError } from "openai";
import { afterEach, describe, expect, it } from "vitest";
import { type Budget, openAccount } from "../core/ledger/budget.ts";
import { windowAt } from "../core/time/window.ts";
import type { AccountStatus } from "../data/store/lease-desk.ts";
import { chatBody, type GatewayKit, type KitOptions, openGatewayKit } from "./gateway-test-kit.ts";
import { decidingBudget } from "./short-call.ts";

let kit: GatewayKit;
afterEach(() => kit.close());

const TEXT = "Our AI budget for this month is used up. Please ask again on the 1st. – Grüße 👋";
/** Carries no call at all: every ceiling is above it. */
const NOTHING = "0.000000001";

async function open(budget: Partial<Budget>, limitUsd = NOTHING, options: KitOptions = {}, models: string[] = []) {
  kit = await openGatewayKit({ ...options, limitUsd, budget });
  const { secret } = await kit.key({ tenant: "acme" }, { models });
  return {
    secret,
    openai: new OpenAI({ baseURL: `${kit.url}/v1`, apiKey: secret, maxRetries: 0 }),
    anthropic: new Anthropic({ baseURL: kit.url, apiKey: secret, maxRetries: 0 }),
  };
}

const ask = (model: string, max_tokens = 200) => ({ model, max_tokens, messages: [{ role: "user" as const, content: "How are you?" }] });

async function refusalOf(call: Promise<unknown>) {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(RateLimitError);
  const { status, code, error: body } = error as RateLimitError;
  return { status, code, details: (body as { ballast: Record<string, unknown> }).ballast };
}

async function nothingWasSent() {
  const { spentNano, heldNano, inDoubtNano } = await kit.account();
  expect([spentNano, heldNano, inDoubtNano, kit.desk.openHolds()]).toEqual([0n, 0n, 0n, 0]);
  expect(kit.sim.stats().requests).toBe(0);
}

describe("on_short: template", () => {
  it("answers OpenAI's chat SDK with the budget's text, at no cost and without a hold, and says so", async () => {
    const { openai } = await open({ onShort: "template", template: TEXT });
    const { data, response } = await openai.chat.completions.create(ask("gpt-4o-mini")).withResponse();
    expect(data.choices[0]).toMatchObject({ finish_reason: "stop", message: { role: "assistant", content: TEXT } });
    expect(data.usage).toMatchObject({ prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 });
    const said = ["x-ballast-on-short", "x-ballast-short-budget", "x-ballast-cache", "x-ballast-cost-usd"];
    expect(said.map((name) => response.headers.get(name))).toEqual(["template", "tenant=acme", "template", "0"]);
    const [trace] = await kit.settled(1);
    expect(trace).toMatchObject({
      outcome: "template",
      cost_basis: "none",
      unit_cost_usd: "0",
      held_usd: "0",
      status_code: 200,
      attempts: 0,
    });
    await nothingWasSent();
  });

  it("streams it to OpenAI's chat SDK, with usage where that was asked for", async () => {
    const { openai } = await open({ onShort: "template", template: TEXT });
    const plain = await Array.fromAsync(await openai.chat.completions.create({ ...ask("gpt-4o-mini"), stream: true }));
    expect(plain.map((chunk) => chunk.choices[0]!.delta.content ?? "").join("")).toBe(TEXT);
    expect(plain.at(-1)!.choices[0]!.finish_reason).toBe("stop");
    const runner = openai.chat.completions.stream({ ...ask("gpt-4o-mini"), stream_options: { include_usage: true } });
    expect((await runner.finalChatCompletion()).choices[0]!.message.content).toBe(TEXT);
    expect(await runner.totalUsage()).toMatchObject({ total_tokens: 0 });
    await nothingWasSent();
  });

  it("answers OpenAI's responses SDK, whole and streamed", async () => {
    const { openai } = await open({ onShort: "template", template: TEXT });
    const request = { model: "gpt-4o-mini", input: "How are you?", max_output_tokens: 100 };
    const whole = await openai.responses.create(request);
    expect([whole.output_text, whole.status, whole.usage?.total_tokens]).toEqual([TEXT, "completed", 0]);
    const streamed = await openai.responses.stream(request).finalResponse();
    expect([streamed.output_text, streamed.status]).toEqual([TEXT, "completed"]);
    await nothingWasSent();
  });

  it("answers Anthropic's SDK, whole and streamed", async () => {
    const { anthropic } = await open({ onShort: "template", template: TEXT });
    const whole = await anthropic.messages.create(ask("claude-sonnet-4-5"));
    expect(whole).toMatchObject({ content: [{ type: "text", text: TEXT }], stop_reason: "end_turn", usage: { output_tokens: 0 } });
    const streamed = await anthropic.messages.stream(ask("claude-sonnet-4-5")).finalMessage();
    expect(streamed).toMatchObject({ content: [{ type: "text", text: TEXT }], stop_reason: "end_turn" });
    await nothingWasSent();
  });

  it("refuses embeddings, which a text cannot answer", async () => {
    const { openai } = await open({ onShort: "template", template: TEXT });
    const refused = await refusalOf(openai.embeddings.create({ model: "text-embedding-3-small", input: "How are you?" }));
    expect([refused.status, refused.code]).toEqual([429, "budget_exhausted"]);
  });

  it("leaves an Idempotency-Key free for the day when there is money", async () => {
    const { openai } = await open({ onShort: "template", template: TEXT });
    const headers = { "Idempotency-Key": "k1" };
    const first = await openai.chat.completions.create(ask("gpt-4o-mini"), { headers });
    expect(first.choices[0]!.message.content).toBe(TEXT);
    await kit.budget({ tenant: "acme" }, "1", { covers: "rest", onShort: "template", template: TEXT });
    const second = await openai.chat.completions.create(ask("gpt-4o-mini"), { headers });
    expect(second.choices[0]!.message.content).not.toBe(TEXT);
  });
});

describe("on_short: fallback_model", () => {
  const cheaper = { onShort: "fallback_model", fallbackModel: "gpt-4o-mini" } as const;

  it("sends the call to the cheaper model with a hold of its own, and says which budget wanted it", async () => {
    // 200 tokens of gpt-4o cost up to 0.002 USD and more, of gpt-4o-mini up to 0.00012 USD and some input.
    const { openai } = await open(cheaper, "0.001");
    const { data, response } = await openai.chat.completions.create(ask("gpt-4o")).withResponse();
    expect(data.model).toBe("gpt-4o-mini");
    const said = ["x-ballast-model", "x-ballast-on-short", "x-ballast-short-budget"];
    expect(said.map((name) => response.headers.get(name))).toEqual(["gpt-4o-mini", "fallback_model", "tenant=acme"]);
    const [trace] = await kit.settled(1);
    expect(trace).toMatchObject({ requested_model: "gpt-4o", model_id: "gpt-4o-mini", outcome: "complete" });
    expect(Number(trace!.held_usd)).toBeLessThanOrEqual(0.001);
    const { spentNano, limitNano, heldNano } = await kit.account();
    expect([spentNano > 0n, spentNano <= limitNano, heldNano]).toEqual([true, true, 0n]);
    expect((await kit.store.verify()).findings).toEqual([]);
  });

  it("streams from it, through Anthropic's SDK too", async () => {
    const { anthropic } = await open({ onShort: "fallback_model", fallbackModel: "claude-3-haiku-20240307" }, "0.001");
    const streamed = await anthropic.messages.stream(ask("claude-sonnet-4-5")).finalMessage();
    expect(streamed.model).toBe("claude-3-haiku-20240307");
    const [trace] = await kit.settled(1);
    expect(trace).toMatchObject({ requested_model: "claude-sonnet-4-5", model_id: "claude-3-haiku-20240307" });
  });

  it("holds on every budget of the cheaper model, and refuses when one of them is short", async () => {
    const { openai } = await open(cheaper, "0.001");
    await kit.budget({ tenant: "acme", model: "gpt-4o" }, "0.0001", cheaper);
    await kit.budget({ model: "gpt-4o-mini" }, NOTHING);
    const refused = await refusalOf(openai.chat.completions.create(ask("gpt-4o")));
    expect([refused.code, refused.details.budget]).toEqual(["budget_exhausted", "model=gpt-4o-mini"]);
    await nothingWasSent();
  });

  it("tries a model once: when the cheaper one does not fit either, the call is refused", async () => {
    const { openai } = await open(cheaper);
    expect((await refusalOf(openai.chat.completions.create(ask("gpt-4o")))).code).toBe("budget_exhausted");
    expect((await refusalOf(openai.chat.completions.create(ask("gpt-4o-mini")))).code).toBe("budget_exhausted");
    await nothingWasSent();
  });

  it("refuses, and says why, when the cheaper model is not served, not priced, or not the key's", async () => {
    const why = async (fallbackModel: string, models: string[] = []) => {
      const { openai } = await open({ onShort: "fallback_model", fallbackModel }, "0.001", {}, models);
      const { code, details } = await refusalOf(openai.chat.completions.create(ask("gpt-4o")));
      return [code, details.fallback_model, details.fallback_refused];
    };
    expect(await why("nobody-serves-this")).toEqual(["budget_exhausted", "nobody-serves-this", "model_not_routed"]);
    await kit.close();
    expect(await why("gpt-nobody-sells")).toEqual(["budget_exhausted", "gpt-nobody-sells", "model_not_priced"]);
    await kit.close();
    expect(await why("gpt-4o-mini", ["gpt-4o"])).toEqual(["budget_exhausted", "gpt-4o-mini", "model_not_allowed"]);
  });
});

describe("on_short: cached_only", () => {
  const limits = { onShort: "cached_only" } as const;
  const spend = (openai: OpenAI) =>
    openai.chat.completions.create({ ...ask("gpt-4o-mini", 300), messages: [{ role: "user", content: "other" }] });

  it("gives the exact call's earlier answer again, streams too, and refuses every other with a code that says so", async () => {
    const { openai } = await open(limits, "1");
    const first = await openai.chat.completions.create(ask("gpt-4o-mini"));
    const streamed = await openai.chat.completions.stream(ask("gpt-4o-mini")).finalChatCompletion();
    await kit.settled(2);
    await kit.budget({ tenant: "acme" }, NOTHING, { covers: "rest", ...limits });
    const { data, response } = await openai.chat.completions.create(ask("gpt-4o-mini")).withResponse();
    expect(data).toEqual(first);
    const said = ["x-ballast-on-short", "x-ballast-cache", "x-ballast-cost-usd"];
    expect(said.map((name) => response.headers.get(name))).toEqual(["cached_only", "exact", "0"]);
    expect(await openai.chat.completions.stream(ask("gpt-4o-mini")).finalChatCompletion()).toMatchObject({ choices: streamed.choices });
    const refused = await refusalOf(spend(openai));
    expect([refused.status, refused.code, refused.details.budget]).toEqual([429, "budget_cached_only", "tenant=acme"]);
    const traces = await kit.settled(5);
    expect(traces.slice(2).map(({ outcome, cache_hit, unit_cost_usd }) => [outcome, cache_hit, unit_cost_usd])).toEqual([
      ["replayed", true, "0"],
      ["replayed", true, "0"],
      ["refused", undefined, "0"],
    ]);
  });

  it("keeps no answer with personal data, nor one that is not to be kept", async () => {
    const { openai } = await open(limits, "1");
    for (const headers of [{ "x-ballast-pii": "true" }, { "Cache-Control": "no-store" }]) {
      await openai.chat.completions.create(ask("gpt-4o-mini"), { headers });
    }
    await kit.settled(2);
    await kit.budget({ tenant: "acme" }, NOTHING, { covers: "rest", ...limits });
    expect((await refusalOf(openai.chat.completions.create(ask("gpt-4o-mini")))).code).toBe("budget_cached_only");
  });

  it("gives the stored answer of any Idempotency-Key of the same key and tenant, also after a restart of the cache", async () => {
    const { openai } = await open({}, "1");
    const first = await openai.chat.completions.create(ask("gpt-4o-mini"), { headers: { "Idempotency-Key": "k1" } });
    await kit.settled(1);
    await kit.budget({ tenant: "acme" }, NOTHING, { covers: "rest", ...limits });
    expect(await openai.chat.completions.create(ask("gpt-4o-mini"))).toEqual(first);
    expect(await openai.chat.completions.create(ask("gpt-4o-mini"), { headers: { "Idempotency-Key": "k2" } })).toEqual(first);
  });

  it("never gives one tenant's or one key's answer to another", async () => {
    const { openai } = await open(limits, "1");
    await openai.chat.completions.create(ask("gpt-4o-mini"), { headers: { "Idempotency-Key": "k1" } });
    await kit.settled(1);
    await kit.budget({}, NOTHING, limits);
    for (const tenant of ["acme", "globex"]) {
      const { secret } = await kit.key({ tenant });
      const other = new OpenAI({ baseURL: `${kit.url}/v1`, apiKey: secret, maxRetries: 0 });
      expect((await refusalOf(other.chat.completions.create(ask("gpt-4o-mini")))).code).toBe("budget_cached_only");
    }
    expect((await openai.chat.completions.create(ask("gpt-4o-mini"))).object).toBe("chat.completion");
  });

  it("keeps no answers of calls that no such budget covers", async () => {
    const { openai } = await open({ onShort: "deny" }, "1");
    await openai.chat.completions.create(ask("gpt-4o-mini"));
    await kit.settled(1);
    await kit.budget({ tenant: "acme" }, NOTHING, { covers: "rest", ...limits });
    expect((await refusalOf(openai.chat.completions.create(ask("gpt-4o-mini")))).code).toBe("budget_cached_only");
  });
});

describe("several short budgets", () => {
  it("let the strictest decide: deny, cached_only, template, fallback_model, fit", async () => {
    const { secret } = await open({ onShort: "fit" });
    const ways = [
      [{ onShort: "fallback_model", fallbackModel: "gpt-4o-mini" }, "budget_exhausted"],
      [{ onShort: "template", template: TEXT }, TEXT],
      [{ onShort: "cached_only" }, "budget_cached_only"],
      [{ onShort: "deny" }, "budget_exhausted"],
    ] as const;
    const selectors = [{ provider: "sim" }, { model: "gpt-4o" }, { tenant: "acme", model: "gpt-4o" }, {}];
    const seen: unknown[] = [];
    for (const [index, [way]] of ways.entries()) {
      await kit.budget(selectors[index]!, NOTHING, way);
      const answer = await fetch(`${kit.url}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
        body: chatBody({}, { model: "gpt-4o" }),
      });
      const said = (await answer.json()) as { error?: { code: string }; choices?: { message: { content: string } }[] };
      seen.push(said.error?.code ?? said.choices![0]!.message.content);
    }
    expect(seen).toEqual(ways.map(([, expected]) => expected));
    await nothingWasSent();
  });

  it("are those that cannot carry the call: one with money left has no say", async () => {
    const { openai } = await open({ onShort: "template", template: TEXT });
    await kit.budget({ provider: "sim" }, "10", { onShort: "deny" });
    const answer = await openai.chat.completions.create(ask("gpt-4o-mini"));
    expect(answer.choices[0]!.message.content).toBe(TEXT);
  });
});

describe("the budget that decides", () => {
  const AT = Date.parse("2026-11-21T12:00:00Z");
  const aBudget = (id: string, onShort: Budget["onShort"]): Budget => ({
    ...{ id, selector: {}, limitNano: 100n, window: "month", zone: "UTC", hard: true, onShort, thresholds: [], warnPercent: 80 },
    ...{ covers: "all", origin: "api", createdAt: AT, updatedAt: AT },
  });
  const [eases, denies] = [aBudget("eases", "fit"), aBudget("denies", "deny")];
  const accountOf = (budget: Budget, leasedNano: bigint, elsewhereNano: bigint): AccountStatus => ({
    ...openAccount(budget, windowAt("month", "UTC", AT)),
    ...{ leasedNano, heldNano: leasedNano, elsewhereNano, idleNano: 0n, freeNano: 100n - leasedNano, hasRefused: false },
  });
  const decided = async (elsewhereNano: bigint) => {
    const account = accountOf(eases, 100n, 0n);
    const refused = { outcome: "refused", budget: eases, account, budgets: [eases, denies], awaited: [], asOfEntry: 0 } as const;
    const desk = { status: async () => [accountOf(denies, 95n, elsewhereNano)] };
    return (await decidingBudget(refused, 10n, AT, desk)).budget.id;
  };

  it("is the strictest that cannot carry the call", async () => {
    expect(await decided(0n)).toBe("denies");
  });

  it("is not one of which other processes may give back enough", async () => {
    expect(await decided(4n)).toBe("denies");
    expect(await decided(5n)).toBe("eases");
  });
});
