import type { SimAnswer } from "./sim-answer.ts";
import type { SimEndpoint } from "./sim-call.ts";

/**
 * How a request ended. `client_gone`: the other side left first, which is also how every stall and hang ends. `dropped`, `errored`
 * and `malformed` are faults of this side; `refused` is an error status.
 */
export type SimOutcome = "complete" | "client_gone" | "dropped" | "errored" | "malformed" | "refused";

/** What this provider would put on its bill for one request. */
export interface SimBilled {
  /** As in the header x-request-id (OpenAI) or request-id (Anthropic). */
  readonly requestId: string;
  /** The id in the answer's body; null where there was no answer. */
  readonly responseId: string | null;
  readonly endpoint: SimEndpoint | "models" | "unknown";
  readonly model: string | null;
  readonly stream: boolean;
  /** HTTP status that was sent; 0 if the connection ended before one was. */
  readonly status: number;
  readonly outcome: SimOutcome;
  /** All prompt tokens, those read from or written to the cache included. */
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly cacheWriteTokens: number;
  /** Produced until the end, over all choices, reasoning included. */
  readonly outputTokens: number;
}

export interface SimStats {
  /** Requests that have ended. */
  readonly requests: number;
  /** Requests that are being answered. */
  readonly open: number;
  readonly byEndpoint: Readonly<Record<string, number>>;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly byOutcome: Readonly<Record<string, number>>;
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  /** The last requests, oldest first, at most `keepRecords` of them. */
  readonly billed: readonly SimBilled[];
}

/** The provider's own record of what it would bill. */
export class SimBooks {
  readonly #keep: number;
  #open = 0;
  #requests = 0;
  #tokens = { inputTokens: 0, cachedTokens: 0, cacheWriteTokens: 0, outputTokens: 0 };
  #byEndpoint = new Map<string, number>();
  #byStatus = new Map<number, number>();
  #byOutcome = new Map<string, number>();
  #billed: SimBilled[] = [];

  constructor(keepRecords: number) {
    this.#keep = keepRecords;
  }

  opened(): void {
    this.#open++;
  }

  ended(billed: SimBilled): void {
    this.#open--;
    this.#requests++;
    this.#tokens.inputTokens += billed.inputTokens;
    this.#tokens.cachedTokens += billed.cachedTokens;
    this.#tokens.cacheWriteTokens += billed.cacheWriteTokens;
    this.#tokens.outputTokens += billed.outputTokens;
    countUp(this.#byEndpoint, billed.endpoint);
    countUp(this.#byStatus, billed.status);
    countUp(this.#byOutcome, billed.outcome);
    this.#billed.push(billed);
    // Cut rarely, so that keeping the last ones costs next to nothing per request.
    if (this.#billed.length >= 2 * this.#keep + 1) this.#billed = this.#lastBilled();
  }

  /** Forgets all that has ended; what is still open stays so. */
  reset(): void {
    this.#requests = 0;
    this.#tokens = { inputTokens: 0, cachedTokens: 0, cacheWriteTokens: 0, outputTokens: 0 };
    this.#byEndpoint.clear();
    this.#byStatus.clear();
    this.#byOutcome.clear();
    this.#billed = [];
  }

  stats(): SimStats {
    return {
      requests: this.#requests,
      open: this.#open,
      byEndpoint: Object.fromEntries(this.#byEndpoint),
      byStatus: Object.fromEntries(this.#byStatus),
      byOutcome: Object.fromEntries(this.#byOutcome),
      ...this.#tokens,
      billed: this.#lastBilled(),
    };
  }

  #lastBilled(): SimBilled[] {
    return this.#keep === 0 ? [] : this.#billed.slice(-this.#keep);
  }
}

function countUp<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

export type BilledTokens = Pick<SimBilled, "inputTokens" | "cachedTokens" | "cacheWriteTokens" | "outputTokens">;

export const NOTHING_BILLED: BilledTokens = { inputTokens: 0, cachedTokens: 0, cacheWriteTokens: 0, outputTokens: 0 };

/**
 * What is billed for an answer of which each choice has produced so many tokens. A whole answer with a literal usage is billed as that
 * usage says, where it says it.
 */
export function billedTokens(answer: SimAnswer, producedTokens: number): BilledTokens {
  const counted = {
    inputTokens: answer.inputTokens,
    cachedTokens: answer.cachedTokens,
    cacheWriteTokens: answer.cacheWriteTokens,
    outputTokens: producedTokens * answer.call.choices,
  };
  const usage = answer.call.directive?.usage;
  return usage === undefined || producedTokens < answer.outputTokens ? counted : literalTokens(usage, answer, counted);
}

function literalTokens(usage: Readonly<Record<string, unknown>>, answer: SimAnswer, counted: BilledTokens): BilledTokens {
  const number = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);
  const details = (usage.prompt_tokens_details ?? usage.input_tokens_details) as { cached_tokens?: unknown } | null | undefined;
  const outputTokens = number(usage.completion_tokens) ?? number(usage.output_tokens) ?? counted.outputTokens;
  if (answer.call.endpoint !== "messages") {
    return {
      inputTokens: number(usage.prompt_tokens) ?? number(usage.input_tokens) ?? counted.inputTokens,
      cachedTokens: number(details?.cached_tokens) ?? 0,
      cacheWriteTokens: 0,
      outputTokens,
    };
  }
  const cachedTokens = number(usage.cache_read_input_tokens) ?? 0;
  const cacheWriteTokens = number(usage.cache_creation_input_tokens) ?? 0;
  const fresh = number(usage.input_tokens);
  return {
    inputTokens: fresh === undefined ? counted.inputTokens : fresh + cachedTokens + cacheWriteTokens,
    cachedTokens,
    cacheWriteTokens,
    outputTokens,
  };
}
