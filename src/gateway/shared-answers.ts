import type { StoredAnswer } from "../ports/ledger-store.ts";
import { cacheKey, MOST_VALUE_BYTES, type SharedCache } from "../ports/shared-cache.ts";
import { stableId } from "../std/stable-id.ts";
import type { AnswerCache } from "./answer-cache.ts";

/**
 * Earlier answers, this process's own first, then those of the other processes in the shared cache. What is found there is checked: it
 * must say itself whose answer it is, and to which request, so that no answer reaches another tenant by whatever key it lay under.
 */
export class SharedAnswers {
  readonly #own: AnswerCache;
  readonly #shared: SharedCache | undefined;
  readonly #keptMs: number;

  constructor(own: AnswerCache, shared: SharedCache | undefined, keptMs: number) {
    this.#own = own;
    this.#shared = shared;
    this.#keptMs = keptMs;
  }

  /** @param owner whose answer it is: never shown to another. Nobody waits for the shared cache. */
  keep(owner: string, fingerprint: string, answer: StoredAnswer, at: number): void {
    this.#own.keep(owner, fingerprint, answer, at);
    if (!this.#shared) return;
    const { status, headers, body } = answer;
    const kept: KeptAnswer = { owner, fingerprint, until: at + this.#keptMs, status, headers, body: Buffer.from(body).toString("base64") };
    const value = Buffer.from(JSON.stringify(kept));
    if (value.length <= MOST_VALUE_BYTES) void this.#shared.put([{ key: keyOf(owner, fingerprint), value, ttlMs: this.#keptMs }]);
  }

  /** Undefined also when the shared cache is away: then nobody is told of answers that this process did not give. */
  async find(owner: string, fingerprint: string, at: number): Promise<StoredAnswer | undefined> {
    const own = this.#own.find(owner, fingerprint, at);
    if (own || !this.#shared) return own;
    const value = (await this.#shared.get([keyOf(owner, fingerprint)]))?.[0];
    const kept = value && readAnswer(value);
    if (!kept || kept.owner !== owner || kept.fingerprint !== fingerprint || kept.until <= at) return undefined;
    return { status: kept.status, headers: kept.headers, body: Buffer.from(kept.body, "base64") };
  }
}

interface KeptAnswer {
  readonly owner: string;
  readonly fingerprint: string;
  readonly until: number;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function keyOf(owner: string, fingerprint: string): string {
  return cacheKey("answer", [owner, fingerprint], stableId);
}

/** @returns undefined for whatever is not an answer of ours */
function readAnswer(value: Uint8Array): KeptAnswer | undefined {
  let read: Partial<Record<keyof KeptAnswer, unknown>>;
  try {
    read = JSON.parse(Buffer.from(value).toString("utf8"));
  } catch {
    return undefined;
  }
  if (typeof read !== "object" || read === null) return undefined;
  const { owner, fingerprint, until, status, headers, body } = read;
  const isAnswer =
    typeof owner === "string" &&
    typeof fingerprint === "string" &&
    Number.isSafeInteger(until) &&
    Number.isInteger(status) &&
    (status as number) >= 200 &&
    (status as number) < 300 &&
    typeof headers === "object" &&
    headers !== null &&
    Object.values(headers).every((header) => typeof header === "string") &&
    typeof body === "string";
  return isAnswer ? (read as KeptAnswer) : undefined;
}
