import { usd } from "../../src/core/money/usd.ts";
import type { SeededRandom } from "../simulation/seeded-random.ts";
import type { GatewayProcess } from "./gateway-process.ts";

/** A refusal as its caller read it. */
export interface Refusal {
  readonly account: string;
  readonly needed_usd: string;
  readonly free_usd: string;
  readonly limit_usd: string;
  readonly spent_usd: string;
  readonly in_doubt_usd: string;
  readonly leased_usd: string;
  readonly as_of_entry: number;
  readonly awaited: readonly string[];
  readonly at: number;
}

/** What callers saw, to be held against what the ledger says in the end. */
export interface Seen {
  answered: number;
  left: number;
  failed: Map<string, number>;
  acknowledgedNano: bigint;
  readonly refusals: Refusal[];
}

const SMALLEST_OUT = 10;
const LARGEST_OUT = 5000;
/** gpt-4o: 10 USD a million, so that calls cost 0.0001 to 0.05 USD. */
const MODEL = "gpt-4o";
const REFUSED_IN_A_ROW = 4;
const PATIENCE_MS = 30_000;

/** Calls of all sizes, three in ten of which leave, until this many in a row are refused. */
export async function useUp(gateways: readonly GatewayProcess[], secret: string, random: SeededRandom, seen: Seen, stop: () => boolean) {
  for (let refused = 0; refused < REFUSED_IN_A_ROW && !stop(); ) {
    const gateway = random.pick(gateways);
    const out = Math.round(SMALLEST_OUT * (LARGEST_OUT / SMALLEST_OUT) ** random.next());
    const leaves = random.chance(0.3);
    const pace = leaves ? { ttft_ms: 10 + random.whole(30), tokens_per_s: 20_000 } : {};
    const body = callBody(MODEL, { out, ...pace }, out + random.whole(100), leaves || random.chance(0.4));
    const status = await send(gateway, secret, body, leaves ? random.whole(80) : undefined, seen);
    refused = status === 429 ? refused + 1 : status === 200 ? 0 : refused;
    if (status === 0 || status >= 500) await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What large calls leave over, small ones use. */
export async function useRest(gateways: readonly GatewayProcess[], secret: string, seen: Seen): Promise<void> {
  for (const maxTokens of [1000, 100, 16]) {
    for (const gateway of gateways) {
      for (let status = 200; status === 200; ) {
        status = await send(gateway, secret, callBody("gpt-4.1-nano", { out: maxTokens }, maxTokens, false), undefined, seen);
      }
    }
  }
}

function callBody(model: string, directive: object, maxTokens: number, stream: boolean): string {
  const content = `How are you? [[sim ${JSON.stringify(directive)}]]`;
  return JSON.stringify({ model, max_tokens: maxTokens, stream, messages: [{ role: "user", content }] });
}

/** @returns the status, or 0 when there was no answer */
async function send(gateway: GatewayProcess, secret: string, body: string, leaveAfterMs: number | undefined, seen: Seen): Promise<number> {
  const leaving = new AbortController();
  const timer = setTimeout(() => leaving.abort(), leaveAfterMs ?? PATIENCE_MS);
  try {
    const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
      body,
      signal: leaving.signal,
    });
    const text = await answer.text();
    if (answer.status === 429) {
      const { ballast } = (JSON.parse(text) as { error: { ballast: Refusal } }).error;
      seen.refusals.push({ ...ballast, at: Date.now() });
    } else if (answer.ok) {
      seen.answered += 1;
      const cost = answer.headers.get("x-ballast-cost-usd");
      if (cost !== null) seen.acknowledgedNano += usd(cost);
    } else count(seen, `${answer.status} ${/"code":\s*"(\w+)"/.exec(text)?.[1] ?? ""}`);
    return answer.status;
  } catch (error) {
    if (leaveAfterMs !== undefined && leaving.signal.aborted) seen.left += 1;
    else count(seen, (error as Error).name === "AbortError" ? "no answer in time" : "connection lost");
    return 0;
  } finally {
    clearTimeout(timer);
  }
}

function count(seen: Seen, what: string): void {
  seen.failed.set(what, (seen.failed.get(what) ?? 0) + 1);
}
