/** Conversations that are remembered; some 100 bytes each. */
const MOST_REMEMBERED = 20_000;

/**
 * The conversations of which a turn was sent compressed, by a digest of everything up to that turn. What was forgotten is sent as it was written, which costs the
 * provider's cache once.
 */
export class TurnMemory {
  readonly #digests = new Set<string>();
  readonly #most: number;

  constructor(most = MOST_REMEMBERED) {
    this.#most = most;
  }

  /** Also keeps it from being forgotten: a conversation that goes on is asked for again with every turn. */
  has(digest: string): boolean {
    if (!this.#digests.delete(digest)) return false;
    this.#digests.add(digest);
    return true;
  }

  add(digest: string): void {
    this.#digests.delete(digest);
    this.#digests.add(digest);
    if (this.#digests.size > this.#most) this.#digests.delete(this.#digests.values().next().value!);
  }
}
