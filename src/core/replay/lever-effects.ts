import type { Priority } from "../forecast/pacing.ts";
import type { LeverId } from "../levers/lever-list.ts";
import type { LeversInForce } from "../levers/levers-in-force.ts";
import { FRESH_PACING, isPaced } from "../levers/paced-calls.ts";
import type { Nano } from "../money/usd.ts";
import type { CallOutcome } from "./call-window.ts";
import type { RecordedCall } from "./replay-calls.ts";

/** A call of a trace. */
export interface TracedCall extends RecordedCall {
  /** Whose list price it has, as the caller knows it. */
  readonly model: string;
  readonly promptTokens: number;
  readonly genTokens: number;
  readonly latencyMs: number | undefined;
  readonly isError: boolean;
  readonly isCached: boolean;
  readonly grounded: number | undefined;
  readonly priority: Priority;
}

/** What levers are taken to do, where nobody has measured it. Percents are whole. */
export interface EffectTerms {
  /** Of the calls, answered by the cache for each level of aggressiveness. */
  readonly hitsPerLevel: number;
  /** Of the prompt, left over by compression. */
  readonly compressedTo: number;
  /** Of the price, in a batch. */
  readonly batchPrice: number;
  /** What so many tokens cost by the price list, for the call's own model and for the small one. */
  readonly listNano: (call: TracedCall, model: "own" | "small", promptTokens: number, genTokens: number) => Nano;
}

export interface TreatedCall {
  readonly outcome: CallOutcome;
  /** What each lever took off, in the order in which they act; below zero where it cost more. */
  readonly saved: readonly (readonly [LeverId, Nano])[];
}

/** The assumptions, one sentence for each lever that acts in a replay. */
export function effectTexts(terms: EffectTerms): [LeverId, string][] {
  const unchanged = "latency, errors and groundedness stay as recorded";
  return [
    ["small_model_share", `that share of the calls costs the small model's list price; ${unchanged}`],
    ["feature_freeze/large_model", `every call costs the small model's list price; ${unchanged}`],
    ["cache_aggressiveness", `${terms.hitsPerLevel} % of the calls for each level are answered from a cache, for nothing`],
    ["prompt_compression", `prompts come to ${terms.compressedTo} % of their tokens; ${unchanged}`],
    ["response_cap_tokens", `no answer is longer than the cap; ${unchanged}`],
    ["batch_deferral", `calls of priority p2 cost ${terms.batchPrice} % and are not timed`],
    ["cache_only", "only what is answered from a cache is answered"],
    ["pace_p2", "that share of the calls of p2 is let through"],
    ["pace_p1", "that share of the calls of p1 is let through"],
  ];
}

/** What the levers make of the calls of a trace, one after the other. Shares are counted, not diced: the same calls are chosen every time. */
export class LeverEffects {
  readonly #terms: EffectTerms;
  #pacing = FRESH_PACING;
  readonly #owed = { small: 50, cached: 50 };

  constructor(terms: EffectTerms) {
    this.#terms = terms;
  }

  treat(call: TracedCall, levers: LeversInForce): TreatedCall {
    const paced = isPaced(call.priority, levers, this.#pacing);
    this.#pacing = paced.accounts;
    if (paced.isPaced) return refused(call, call.priority === "p1" ? "pace_p1" : "pace_p2");
    if (call.isCached) return { outcome: outcomeOf(call, { costNano: call.costNano }), saved: [] };
    const level = levers.cache_aggressiveness ?? 0;
    if (level > 0 && this.#isNext("cached", Math.min(100, level * this.#terms.hitsPerLevel))) {
      return { outcome: outcomeOf(call, { costNano: 0n, isCached: true }), saved: [["cache_aggressiveness", call.costNano]] };
    }
    if (levers.cache_only) return refused(call, "cache_only");
    return this.#sent(call, levers);
  }

  /** A call that reaches a model: by a smaller one, with fewer tokens, in a batch. */
  #sent(call: TracedCall, levers: LeversInForce): TreatedCall {
    const { compressedTo, batchPrice, listNano } = this.#terms;
    const isFrozen = levers["feature_freeze/large_model"] !== undefined;
    const isSmall = isFrozen || (levers.small_model_share !== undefined && this.#isNext("small", levers.small_model_share));
    const model = isSmall ? "small" : "own";
    const listed = listNano(call, "own", call.promptTokens, call.genTokens);
    const saved: [LeverId, Nano][] = [];
    let nano = call.costNano;
    // What was booked is scaled by the list's ratio, so that discounts and cached prompts stay in.
    const become = (lever: LeverId, listedAfter: Nano) => {
      const after = listed === 0n ? nano : (call.costNano * listedAfter) / listed;
      if (after !== nano) saved.push([lever, nano - after]);
      nano = after;
    };
    let prompt = call.promptTokens;
    let gen = call.genTokens;
    if (isSmall) become(isFrozen ? "feature_freeze/large_model" : "small_model_share", listNano(call, model, prompt, gen));
    if (levers.prompt_compression) {
      prompt = Math.ceil((prompt * compressedTo) / 100);
      become("prompt_compression", listNano(call, model, prompt, gen));
    }
    if (levers.response_cap_tokens !== undefined && gen > levers.response_cap_tokens) {
      gen = levers.response_cap_tokens;
      become("response_cap_tokens", listNano(call, model, prompt, gen));
    }
    const isDeferred = call.priority === "p2" && levers.batch_deferral !== undefined;
    if (isDeferred) become("batch_deferral", (listNano(call, model, prompt, gen) * BigInt(batchPrice)) / 100n);
    return { outcome: outcomeOf(call, { costNano: nano, ...(isDeferred ? { latencyMs: undefined } : {}) }), saved };
  }

  #isNext(which: "small" | "cached", percent: number): boolean {
    const owed = this.#owed[which] + percent;
    const isChosen = owed >= 100;
    this.#owed[which] = isChosen ? owed - 100 : owed;
    return isChosen;
  }
}

function outcomeOf(
  { at, latencyMs, isError, isCached, grounded }: TracedCall,
  more: Partial<CallOutcome> & { costNano: Nano },
): CallOutcome {
  return { at, latencyMs, isError, isCached, grounded, isRefused: false, ...more };
}

function refused(call: TracedCall, lever: LeverId): TreatedCall {
  return { outcome: outcomeOf(call, { costNano: 0n, isRefused: true }), saved: [[lever, call.costNano]] };
}
