import type { Nano } from "../core/money/usd.ts";
import type { StoredAnswer } from "../ports/ledger-store.ts";

/** What an entry costs beside its body: names, headers, the map's own. */
const ENTRY_BYTES = 1024;

/** An answer with what is to be known of it when it is given again. */
export interface KeptAnswer {
  readonly answer: StoredAnswer;
  readonly keptAt: number;
  /** What it cost: who gets it again is spared that. */
  readonly costNano: Nano;
}

interface Entry {
  readonly owner: string;
  readonly fingerprint: string;
  readonly kept: KeptAnswer;
  readonly bytes: number;
  readonly expiresAt: number;
}

/**
 * Earlier answers by who got them and the exact request. Bounded in bytes: what was not asked for longest goes first. Lost with the
 * process, which costs money and is never wrong.
 */
export class AnswerCache {
  readonly #mostBytes: number;
  readonly #onDropped: (owner: string, fingerprint: string) => void;
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  /** @param onDropped told when an answer is gone, not when another takes its place */
  constructor(mostBytes: number, onDropped: (owner: string, fingerprint: string) => void = () => {}) {
    this.#mostBytes = mostBytes;
    this.#onDropped = onDropped;
  }

  /** @param owner whose answer it is: never shown to another */
  keep(owner: string, fingerprint: string, kept: KeptAnswer, keptMs: number): void {
    const key = keyOf(owner, fingerprint);
    const bytes = kept.answer.body.length + key.length + ENTRY_BYTES;
    const before = this.#entries.get(key);
    if (bytes > this.#mostBytes) {
      if (before) this.#drop(before);
      return;
    }
    if (before) this.#bytes -= before.bytes;
    this.#entries.delete(key);
    this.#entries.set(key, { owner, fingerprint, kept, bytes, expiresAt: kept.keptAt + keptMs });
    this.#bytes += bytes;
    for (const oldest of this.#entries.values()) {
      if (this.#bytes <= this.#mostBytes) break;
      this.#drop(oldest);
    }
  }

  find(owner: string, fingerprint: string, at: number): KeptAnswer | undefined {
    const key = keyOf(owner, fingerprint);
    const entry = this.#entries.get(key);
    // Two names never make one key; should they, the answer is still its owner's alone.
    if (!entry || entry.owner !== owner || entry.fingerprint !== fingerprint) return undefined;
    if (entry.expiresAt <= at) {
      this.#drop(entry);
      return undefined;
    }
    // To the end of the line: the map keeps the order of insertion.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.kept;
  }

  #drop(entry: Entry): void {
    this.#entries.delete(keyOf(entry.owner, entry.fingerprint));
    this.#bytes -= entry.bytes;
    this.#onDropped(entry.owner, entry.fingerprint);
  }
}

function keyOf(owner: string, fingerprint: string): string {
  return `${fingerprint} ${owner}`;
}
