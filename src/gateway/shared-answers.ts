import { cacheKey, MOST_VALUE_BYTES, type SharedCache } from "../ports/shared-cache.ts";
import { stableId } from "../std/stable-id.ts";
import type { AnswerCache, KeptAnswer } from "./answer-cache.ts";

/**
 * Earlier answers, this process's own first, then those of the other processes in the shared cache. What is found there is checked: it
 * must say itself whose answer it is, and to which request, so that no answer reaches another tenant by whatever key it lay under.
 */
export class SharedAnswers {
  readonly #own: AnswerCache;
  readonly #shared: SharedCache | undefined;

  constructor(own: AnswerCache, shared: SharedCache | undefined) {
    this.#own = own;
    this.#shared = shared;
  }

  /** @param owner whose answer it is: never shown to another. Nobody waits for the shared cache. */
  keep(owner: string, fingerprint: string, kept: KeptAnswer, keptMs: number): void {
    this.#own.keep(owner, fingerprint, kept, keptMs);
    if (!this.#shared) return;
    const { status, headers, body } = kept.answer;
    const times = { keptAt: kept.keptAt, until: kept.keptAt + keptMs, costNano: String(kept.costNano) };
    const written: WrittenAnswer = { owner, fingerprint, ...times, status, headers, body: Buffer.from(body).toString("base64") };
    const value = Buffer.from(JSON.stringify(written));
    if (value.length <= MOST_VALUE_BYTES) void this.#shared.put([{ key: keyOf(owner, fingerprint), value, ttlMs: keptMs }]);
  }

  /** Undefined also when the shared cache is away: then nobody is told of answers that this process did not give. */
  async find(owner: string, fingerprint: string, at: number): Promise<KeptAnswer | undefined> {
    const own = this.#own.find(owner, fingerprint, at);
    if (own || !this.#shared) return own;
    const value = (await this.#shared.get([keyOf(owner, fingerprint)]))?.[0];
    const found = value && readAnswer(value);
    if (!found || found.owner !== owner || found.fingerprint !== fingerprint || found.until <= at) return undefined;
    const answer = { status: found.status, headers: found.headers, body: Buffer.from(found.body, "base64") };
    return { answer, keptAt: found.keptAt, costNano: BigInt(found.costNano) };
  }
}

interface WrittenAnswer {
  readonly owner: string;
  readonly fingerprint: string;
  readonly keptAt: number;
  readonly until: number;
  readonly costNano: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function keyOf(owner: string, fingerprint: string): string {
  return cacheKey("answer", [owner, fingerprint], stableId);
}

/** @returns undefined for whatever is not an answer of ours */
function readAnswer(value: Uint8Array): WrittenAnswer | undefined {
  let read: Partial<Record<keyof WrittenAnswer, unknown>>;
  try {
    read = JSON.parse(Buffer.from(value).toString("utf8"));
  } catch {
    return undefined;
  }
  if (typeof read !== "object" || read === null) return undefined;
  const { owner, fingerprint, keptAt, until, costNano, status, headers, body } = read;
  const isAnswer =
    typeof owner === "string" &&
    typeof fingerprint === "string" &&
    Number.isSafeInteger(keptAt) &&
    Number.isSafeInteger(until) &&
    typeof costNano === "string" &&
    /^\d{1,30}$/.test(costNano) &&
    Number.isInteger(status) &&
    (status as number) >= 200 &&
    (status as number) < 300 &&
    typeof headers === "object" &&
    headers !== null &&
    Object.values(headers).every((header) => typeof header === "string") &&
    typeof body === "string";
  return isAnswer ? (read as WrittenAnswer) : undefined;
}
