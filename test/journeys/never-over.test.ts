import { describe, expect, it } from "vitest";
import { formatUsd, usd } from "../../src/core/money/usd.ts";
import { chatBody, type GatewayKit, openGatewayKit } from "../../src/gateway/gateway-test-kit.ts";
import { SeededRandom } from "../simulation/seeded-random.ts";

/*
 * One hard budget of $1.00 and 64 callers who do what callers do, until it is used up. The provider's own books tell what it would have
 * billed. BALLAST_RUNS=100 makes a hundred runs (CI does); each prints its seed when it fails.
 */
const RUNS = Number(process.env.BALLAST_RUNS ?? 3);
const FIRST_SEED = Number(process.env.BALLAST_SEED ?? 1);
const CALLERS = 64;
const MODELS = ["gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini"];

interface Refusal {
  needed_usd: string;
  free_usd: string;
}

describe("one hard budget of $1.00 and 64 concurrent callers", () => {
  it.each(Array.from({ length: RUNS }, (_, run) => FIRST_SEED + run))("is used up and never passed, seed %i", async (seed) => {
    const kit = await openGatewayKit({
      limitUsd: "1.00",
      provider: { retries: 1, headersTimeoutMs: 20_000 },
      settings: { drainMaxMs: 300 },
    });
    try {
      const { secret } = await kit.key();
      const refusals: Refusal[] = [];
      await Promise.all(
        Array.from({ length: CALLERS }, (_, caller) => useUp(kit, secret, new SeededRandom(seed * 1000 + caller), refusals)),
      );
      // What large calls leave over, small ones use; calls whose callers have left still hold some of it for a moment.
      await kit.settled(0);
      await useRest(kit, secret, refusals);
      await kit.settled(0);
      const { spentNano, inDoubtNano, heldNano, limitNano } = await kit.account();
      expect(heldNano).toBe(0n);
      expect(spentNano + inDoubtNano <= limitNano, `${formatUsd(spentNano + inDoubtNano)} of 1.00`).toBe(true);
      expect(spentNano + inDoubtNano >= (limitNano * 999n) / 1000n, `only ${formatUsd(spentNano + inDoubtNano)} used`).toBe(true);
      // What the provider would bill is booked or in doubt, to the last token.
      expect(billedNano(kit) <= spentNano + inDoubtNano).toBe(true);
      expect(refusals.length).toBeGreaterThan(CALLERS);
      for (const { needed_usd, free_usd } of refusals) expect(usd(needed_usd) > usd(free_usd)).toBe(true);
      expect((await kit.store.verify()).findings).toEqual([]);
    } finally {
      await kit.close();
    }
  });
});

/** Calls of all kinds, until three in a row are refused. */
async function useUp(kit: GatewayKit, secret: string, random: SeededRandom, refusals: Refusal[]): Promise<void> {
  for (let refusedInARow = 0; refusedInARow < 3; ) {
    const stream = random.chance(0.5);
    const out = 50 + random.whole(700);
    const fault = random.next();
    const directive: Record<string, unknown> = { out };
    if (fault < 0.04) Object.assign(directive, { status: 500, fail_times: 1, id: `${random.next()}` });
    else if (fault < 0.05) Object.assign(directive, { status: 400 });
    else if (fault < 0.055) Object.assign(directive, { drop_after: stream ? 10 : 0 });
    else if (fault < 0.08) Object.assign(directive, { no_usage: true });
    const cancel = random.chance(0.3);
    if (cancel) Object.assign(directive, { ttft_ms: 10, tokens_per_s: 3000 });
    const body = chatBody(directive, { model: random.pick(MODELS), max_tokens: out + random.whole(300), ...(stream ? { stream } : {}) });
    const status = await send(kit, secret, body, cancel ? random.whole(40) : undefined, refusals);
    refusedInARow = status === 429 ? refusedInARow + 1 : 0;
  }
}

async function useRest(kit: GatewayKit, secret: string, refusals: Refusal[]): Promise<void> {
  for (const maxTokens of [400, 100, 16]) {
    for (let status = 200; status === 200; ) {
      status = await send(kit, secret, chatBody({ out: maxTokens }, { model: "gpt-4.1-nano", max_tokens: maxTokens }), undefined, refusals);
    }
  }
}

async function send(
  kit: GatewayKit,
  secret: string,
  body: string,
  cancelAfterMs: number | undefined,
  refusals: Refusal[],
): Promise<number> {
  const leaving = new AbortController();
  const timer = cancelAfterMs === undefined ? undefined : setTimeout(() => leaving.abort(), cancelAfterMs);
  try {
    const answer = await fetch(`${kit.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
      body,
      signal: leaving.signal,
    });
    const text = await answer.text();
    if (answer.status === 429) refusals.push((JSON.parse(text) as { error: { ballast: Refusal } }).error.ballast);
    return answer.status;
  } catch {
    return 499;
  } finally {
    clearTimeout(timer);
  }
}

function billedNano(kit: GatewayKit): bigint {
  let sum = 0n;
  for (const billed of kit.sim.stats().billed) {
    const price = kit.gateway.prices.find("openai", billed.model ?? "", Date.now());
    if (!price) continue;
    const { input, output } = price.standard.bands[0].rates;
    sum += (BigInt(billed.inputTokens) * input! + BigInt(billed.outputTokens) * output!) / 1_000_000_000n;
  }
  return sum;
}
