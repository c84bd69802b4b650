import type { StoredAnswer } from "../ports/ledger-store.ts";

/** What an entry costs beside its body: names, headers, the map's own. */
const ENTRY_BYTES = 1024;

interface Kept {
  readonly answer: StoredAnswer;
  readonly bytes: number;
  readonly expiresAt: number;
}

/**
 * Earlier answers by who got them and the exact request. Of calls under a budget with `on_short: cached_only` only, since nobody else
 * reads them. Bounded in bytes: what was not asked for longest goes first. Lost with the process, which costs money and is never wrong.
 */
export class AnswerCache {
  readonly #mostBytes: number;
  readonly #keptMs: number;
  readonly #entries = new Map<string, Kept>();
  #bytes = 0;

  constructor(mostBytes: number, keptMs: number) {
    this.#mostBytes = mostBytes;
    this.#keptMs = keptMs;
  }

  /** @param owner whose answer it is: never shown to another */
  keep(owner: string, fingerprint: string, answer: StoredAnswer, at: number): void {
    const key = keyOf(owner, fingerprint);
    const bytes = answer.body.length + key.length + ENTRY_BYTES;
    this.#drop(key);
    if (bytes > this.#mostBytes) return;
    this.#entries.set(key, { answer, bytes, expiresAt: at + this.#keptMs });
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#mostBytes) break;
      this.#drop(oldest);
    }
  }

  find(owner: string, fingerprint: string, at: number): StoredAnswer | undefined {
    const key = keyOf(owner, fingerprint);
    const kept = this.#entries.get(key);
    if (!kept) return undefined;
    if (kept.expiresAt <= at) {
      this.#drop(key);
      return undefined;
    }
    // To the end of the line: the map keeps the order of insertion.
    this.#entries.delete(key);
    this.#entries.set(key, kept);
    return kept.answer;
  }

  #drop(key: string): void {
    const kept = this.#entries.get(key);
    if (!kept) return;
    this.#entries.delete(key);
    this.#bytes -= kept.bytes;
  }
}

function keyOf(owner: string, fingerprint: string): string {
  return `${fingerprint} ${owner}`;
}
