import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { LEVERS, type LeverName } from "../core/levers/lever-list.ts";
import type { CachePut, SharedCache } from "../ports/shared-cache.ts";
import { type GatewayKit, type KitOptions, openGatewayKit } from "./gateway-test-kit.ts";

const kits: GatewayKit[] = [];
afterEach(async () => {
  await Promise.all(kits.splice(0).map((kit) => kit.close()));
});

async function aKit(options: KitOptions = {}): Promise<GatewayKit> {
  const kit = await openGatewayKit(options);
  kits.push(kit);
  return kit;
}

const HOUR_MS = 3_600_000;
const BOTH = { exactMs: HOUR_MS, semanticMs: HOUR_MS };

/** A call whose answer names the call that brought it, so that an answer given again shows. */
async function call(
  kit: GatewayKit,
  secret: string,
  question: string,
  {
    headers = {},
    path = "/v1/chat/completions",
    ...more
  }: { headers?: Record<string, string>; path?: string } & Record<string, unknown> = {},
) {
  const body = JSON.stringify({ model: "gpt-4o-mini", max_tokens: 20, messages: [{ role: "user", content: question }], ...more });
  const answer = await fetch(`${kit.url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${secret}`, "content-type": "application/json", ...headers },
    body,
  });
  const text = await answer.text();
  return {
    status: answer.status,
    cache: answer.headers.get("x-ballast-cache"),
    cost: answer.headers.get("x-ballast-cost-usd"),
    age: answer.headers.get("age"),
    type: answer.headers.get("content-type"),
    levers: answer.headers.get("x-ballast-levers"),
    text,
  };
}

function turn(kit: GatewayKit, levers: Partial<Record<LeverName, number>>, revision = 1, subject = "use_case:desk"): void {
  const states = Object.fromEntries(
    Object.entries(levers).map(([name, value]) => [name, { value, before: LEVERS[name as LeverName].off, changedAt: 0, probation: null }]),
  );
  kit.levers.renew([{ subject, revision, state: { levers: states, reached: [] } as never }]);
}

async function spentOnce(kit: GatewayKit): Promise<bigint> {
  await kit.settled(1);
  return (await kit.account()).spentNano;
}

const ASKED = "How do I reset my password?";

describe("an answer that was given before", () => {
  it("is not given again while nothing is configured and no lever is turned", async () => {
    const kit = await aKit();
    const { secret } = await kit.key();
    expect([(await call(kit, secret, ASKED)).cache, (await call(kit, secret, ASKED)).cache]).toEqual(["none", "none"]);
    expect(kit.questions.size).toBe(0);
  });

  it("goes to the exact same request: at no cost, with its age, and what it spared in the trace", async () => {
    const kit = await aKit({ reuse: { exactMs: HOUR_MS } });
    const { secret } = await kit.key();
    const first = await call(kit, secret, ASKED);
    const spent = await spentOnce(kit);
    const again = await call(kit, secret, ASKED);
    expect([again.status, again.cache, again.cost, again.age]).toEqual([200, "exact", "0", "0"]);
    await kit.settled(2);
    expect((await kit.account()).spentNano).toBe(spent);
    expect(again.text).toBe(first.text);
    expect((await call(kit, secret, "How can I reset my password?")).cache).toBe("none");
    const [paid, hit] = await kit.settled(3);
    expect(hit).toMatchObject({ outcome: "replayed", cache_hit: true, cache_kind: "exact", unit_cost_usd: "0", held_usd: "0" });
    expect(hit!.avoided_cost_usd).toBe(paid!.unit_cost_usd);
    // The third call was another question, and was paid for.
    expect((await kit.account()).spentNano).toBeGreaterThan(spent);
    expect(paid!.avoided_cost_usd).toBeUndefined();
  });

  it("goes to a question that only says the same otherwise, and to no other", async () => {
    const kit = await aKit({ reuse: BOTH });
    const { secret } = await kit.key();
    const first = await call(kit, secret, ASKED);
    for (const same of [
      "how can I reset the password",
      "Hi, please tell me how to reset my password. Thanks!",
      "How do I reset my passwrod?",
    ]) {
      const again = await call(kit, secret, same);
      expect([same, again.cache, again.text]).toEqual([same, "semantic", first.text]);
    }
    for (const other of [
      "How do I not reset my password?",
      "Why do I reset my password?",
      "How do I reset your password?",
      "How do I reset my password in 2 steps?",
      "How do I change my password?",
    ]) {
      expect([other, (await call(kit, secret, other)).cache]).toEqual([other, "none"]);
    }
  });

  it.each([
    [
      "another system prompt",
      {
        messages: [
          { role: "system", content: "Be brief." },
          { role: "user", content: "how can I reset my password" },
        ],
      },
    ],
    [
      "an earlier turn",
      {
        messages: [
          { role: "assistant", content: "Hello." },
          { role: "user", content: "how can I reset my password" },
        ],
      },
    ],
    ["another temperature", { temperature: 0.5 }],
    ["another limit", { max_tokens: 21 }],
    ["a stream", { stream: true }],
    ["another end user", { user: "u-2" }],
    ["another model", { model: "gpt-4o" }],
    ["a tool", { tools: [{ type: "function", function: { name: "reset", parameters: {} } }] }],
  ])("does not go to a call with %s", async (_, more) => {
    const kit = await aKit({ reuse: BOTH });
    const { secret } = await kit.key();
    await call(kit, secret, ASKED);
    expect((await call(kit, secret, "how can I reset my password", more)).cache).toBe("none");
  });

  it.each([
    ["a beta header", { "openai-beta": "x=v1" }],
    ["a header that a provider may read", { "x-custom-model-mode": "fast" }],
  ])("does not go to a call with %s", async (_, headers) => {
    const kit = await aKit({ reuse: BOTH });
    const { secret } = await kit.key();
    await call(kit, secret, ASKED);
    expect((await call(kit, secret, ASKED, { headers })).cache).toBe("none");
  });

  it("is a stream where it came as a stream, event for event", async () => {
    const kit = await aKit({ reuse: BOTH });
    const { secret } = await kit.key();
    const first = await call(kit, secret, ASKED, { stream: true });
    const exact = await call(kit, secret, ASKED, { stream: true });
    const semantic = await call(kit, secret, "how to reset my password", { stream: true });
    expect([exact.cache, semantic.cache]).toEqual(["exact", "semantic"]);
    expect([exact.text, semantic.text]).toEqual([first.text, first.text]);
    expect([semantic.type, first.text.trimEnd().endsWith("data: [DONE]")]).toEqual([first.type, true]);
    expect((await call(kit, secret, ASKED)).cache).toBe("none");
  });

  it.each([
    ["/v1/messages", "claude-sonnet-4-5"],
    ["/v1/responses", "gpt-4o-mini"],
  ])("is found in the dialect of %s", async (path, model) => {
    const kit = await aKit({ reuse: BOTH });
    const { secret } = await kit.key();
    const more = (content: string) =>
      path === "/v1/responses" ? { messages: undefined, max_tokens: undefined, max_output_tokens: 20, input: content } : {};
    await call(kit, secret, ASKED, { path, model, ...more(ASKED) });
    const like = "how to reset my password";
    expect((await call(kit, secret, like, { path, model, ...more(like) })).cache).toBe("semantic");
    expect((await call(kit, secret, ASKED, { path, model, ...more(ASKED) })).cache).toBe("exact");
  });

  it("is only one that came whole: a failed call, a broken stream and one without usage leave nothing behind", async () => {
    const kit = await aKit({ reuse: BOTH });
    const { secret } = await kit.key();
    for (const directive of [{ status: 500 }, { noUsage: true }]) {
      const asked = `${ASKED} [[sim ${JSON.stringify(directive)}]]`;
      await call(kit, secret, asked);
      expect([directive, (await call(kit, secret, asked)).cache === "exact"]).toEqual([directive, false]);
    }
  });

  it("is neither kept nor given where the call holds personal data or its caller says so", async () => {
    const kit = await aKit({ reuse: BOTH });
    const { secret } = await kit.key();
    await call(kit, secret, ASKED, { headers: { "x-ballast-pii": "true" } });
    await call(kit, secret, ASKED, { headers: { "cache-control": "no-store" } });
    const kept = await call(kit, secret, ASKED);
    expect(kept.cache).toBe("none");
    expect((await call(kit, secret, ASKED, { headers: { "x-ballast-pii": "true" } })).cache).toBe("none");
    const anew = await call(kit, secret, ASKED, { headers: { "cache-control": "no-cache" } });
    expect(anew.cache).toBe("none");
    expect((await call(kit, secret, ASKED, { headers: { "cache-control": "max-age=0" } })).cache).toBe("none");
    expect((await call(kit, secret, ASKED, { headers: { "cache-control": "max-age=60" } })).cache).toBe("exact");
  });

  it("is not given when the key may no longer have the model", async () => {
    const kit = await aKit({ reuse: BOTH });
    const { secret } = await kit.key({ tenant: "acme" }, { models: ["gpt-4o"] });
    expect((await call(kit, secret, ASKED)).status).toBe(403);
  });

  it("leaves an Idempotency-Key free", async () => {
    const kit = await aKit({ reuse: BOTH });
    const { secret } = await kit.key();
    await call(kit, secret, ASKED);
    const headers = { "idempotency-key": "k" };
    expect((await call(kit, secret, ASKED, { headers })).cache).toBe("exact");
    expect((await call(kit, secret, "And how do I close my account?", { headers })).status).toBe(200);
  });

  it("does not go from one team of a key to another", async () => {
    const kit = await aKit({ reuse: BOTH });
    const { secret } = await kit.key({ tenant: "acme" }, { mayName: ["team", "run"] });
    const asked = (team: string, run = "r-1") => call(kit, secret, ASKED, { headers: { "x-ballast-team": team, "x-ballast-run": run } });
    expect([(await asked("red")).cache, (await asked("blue")).cache, (await asked("red", "r-2")).cache]).toEqual(["none", "none", "exact"]);
  });

  it("is only given to the use cases that are named, where any are", async () => {
    const kit = await aKit({ reuse: { ...BOTH, useCases: new Set(["desk"]) } });
    const desk = await kit.key({ tenant: "acme", use_case: "desk" });
    const other = await kit.key({ tenant: "acme", use_case: "other" });
    for (const { secret } of [desk, other]) await call(kit, secret, ASKED);
    expect([(await call(kit, desk.secret, ASKED)).cache, (await call(kit, other.secret, ASKED)).cache]).toEqual(["exact", "none"]);
  });
});

describe("levers of the cache", () => {
  it("turn it on by level, tell the caller, and turn it off at once", async () => {
    const kit = await aKit();
    const { secret } = await kit.key({ tenant: "acme", use_case: "desk" });
    turn(kit, { cache_aggressiveness: 1 });
    await call(kit, secret, ASKED);
    const again = await call(kit, secret, ASKED);
    expect([again.cache, again.levers]).toEqual(["exact", "cache_aggressiveness=1"]);
    expect((await call(kit, secret, "how to reset my password")).cache).toBe("none");
    turn(kit, { cache_aggressiveness: 2 }, 2);
    await call(kit, secret, ASKED, { headers: { "cache-control": "no-cache" } });
    expect((await call(kit, secret, "how can i reset my password")).cache).toBe("semantic");
    turn(kit, { cache_aggressiveness: 0 }, 3);
    expect((await call(kit, secret, ASKED)).cache).toBe("none");
    const hits = (await kit.settled(6)).filter(({ cache_hit }) => cache_hit);
    expect(hits.map(({ levers }) => levers)).toEqual([["cache_aggressiveness=1"], ["cache_aggressiveness=2"]]);
  });

  it("keep apart what was answered under other levers than those in force", async () => {
    const kit = await aKit({ reuse: BOTH });
    const { secret } = await kit.key({ tenant: "acme", use_case: "desk" });
    turn(kit, { small_model_share: 100 });
    await call(kit, secret, ASKED);
    expect((await call(kit, secret, ASKED)).cache).toBe("exact");
    turn(kit, { small_model_share: 0 }, 2);
    expect((await call(kit, secret, ASKED)).cache).toBe("none");
  });

  it("keep apart calls of priority p0, which other levers leave alone", async () => {
    const kit = await aKit({ reuse: BOTH });
    const { secret } = await kit.key({ tenant: "acme", use_case: "desk" });
    turn(kit, { response_cap_tokens: 16 });
    await call(kit, secret, ASKED);
    const urgent = { headers: { "x-ballast-priority": "p0" } };
    const seen = [(await call(kit, secret, ASKED, urgent)).cache, (await call(kit, secret, ASKED, urgent)).cache];
    expect([...seen, (await call(kit, secret, ASKED)).cache]).toEqual(["none", "exact", "exact"]);
  });

  it("leave calls of the holdout alone: neither kept nor given, nor refused", async () => {
    const kit = await aKit({ reuse: BOTH, settings: { holdoutShare: 1 } });
    const { secret } = await kit.key({ tenant: "acme", use_case: "desk" });
    turn(kit, { cache_only: 1 });
    const seen = [await call(kit, secret, ASKED), await call(kit, secret, ASKED)];
    expect(seen.map(({ status, cache }) => [status, cache])).toEqual([
      [200, "none"],
      [200, "none"],
    ]);
    expect(kit.questions.size).toBe(0);
  });

  it("refuse under cache_only what no cache can answer, but for calls of priority p0", async () => {
    const kit = await aKit({ reuse: BOTH });
    const { secret } = await kit.key({ tenant: "acme", use_case: "desk" });
    await call(kit, secret, ASKED);
    turn(kit, { cache_only: 1 });
    expect((await call(kit, secret, "how to reset my password")).cache).toBe("semantic");
    const refused = await call(kit, secret, "How do I close my account?");
    expect([refused.status, JSON.parse(refused.text).error.code]).toEqual([429, "cache_only_enforced"]);
    const urgent = await call(kit, secret, "How do I close my account?", { headers: { "x-ballast-priority": "p0" } });
    expect([urgent.status, urgent.cache]).toEqual([200, "none"]);
    const traces = await kit.settled(4);
    expect(traces[2]).toMatchObject({
      ...{ outcome: "refused", error_code: "cache_only_enforced", held_usd: "0", levers: ["cache_only=1"] },
    });
    expect((await kit.account()).heldNano).toBe(0n);
    turn(kit, { cache_only: 0 }, 2);
    expect((await call(kit, secret, "How do I freeze my card?")).status).toBe(200);
  });
});

describe("the wall between owners", () => {
  const scopes = fc.record({
    tenant: fc.constantFrom("acme", "globex"),
    team: fc.constantFrom("red", "blue"),
    use_case: fc.constantFrom("desk", "shop"),
  });
  const asked = fc.constantFrom("How do I reset my password?", "how can i reset my password", "Please tell me how to reset the password");

  it.each(["memory", "redis"] as const)("stands for any calls of any keys: no answer crosses it (%s)", async (kind) => {
    const values = new Map<string, Uint8Array>();
    const cache: SharedCache = {
      kind: "redis",
      get: async (keys) => keys.map((key) => values.get(key)),
      async put(entries: readonly CachePut[]) {
        for (const { key, value } of entries) values.set(key, value);
        return true;
      },
      delete: async () => true,
      state: () => ({ up: true, detail: "" }),
      close: async () => {},
    };
    const options = { reuse: BOTH, ...(kind === "redis" ? { cache } : {}) };
    const [one, other] = kind === "redis" ? [await aKit(options), await aKit(options)] : [await aKit(options), undefined];
    let hits = 0;
    const steps = fc.array(fc.record({ scope: scopes, key: fc.nat(1), asked, elsewhere: fc.boolean() }), { minLength: 4, maxLength: 12 });
    const made = new Map<string, string>();
    await fc.assert(
      fc.asyncProperty(steps, fc.uuid(), async (calls, round) => {
        const owners = new Map<string, string>();
        for (const { scope, key, asked, elsewhere } of calls) {
          const kit = elsewhere && other ? other : one;
          const owner = JSON.stringify([scope, key]);
          const keyName = `${kit.port} ${owner}`;
          const secret = made.get(keyName) ?? (await kit.key(scope)).secret;
          made.set(keyName, secret);
          const { text, cache: from } = await call(kit, secret, asked, { metadata: { round } });
          const { id } = JSON.parse(text) as { id: string };
          const whose = owners.get(id);
          if (from !== "none") hits++;
          // Keys of two stores differ, so that only answers of the same key of the same store may come again.
          expect([whose ?? keyName, from === "none"]).toEqual([keyName, whose === undefined]);
          owners.set(id, keyName);
        }
      }),
      { numRuns: 15 },
    );
    expect(hits).toBeGreaterThan(0);
  });
});
