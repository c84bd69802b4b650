/**
 * What can be had sooner than by asking who knows: values under a key, for a while. Nothing in it is true because it is in it. A value may
 * be gone at any moment, or be of yesterday after a restart, or be something that a stranger put there: whoever reads one checks it, and
 * goes to who knows when in doubt. No decision rests on a cache.
 *
 * It never rejects and never waits for long: a cache that is away answers undefined or false at once, so that its loss costs time and nothing else.
 */
export interface SharedCache {
  readonly kind: "memory" | "redis";

  /**
   * What is there, in the order of the keys and no older for a later key than for an earlier one.
   * @returns undefined when the cache cannot be asked; of each key undefined when nothing is there, or nothing of ours can be
   */
  get(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[] | undefined>;
  /** Sent to the cache at once, in order with what is asked of it before and after. @returns whether all is there */
  put(entries: readonly CachePut[]): Promise<boolean>;
  /** Sent to the cache at once, in order. @returns whether nothing is there any more */
  delete(keys: readonly string[]): Promise<boolean>;

  state(): CacheState;
  close(): Promise<void>;
}

export interface CachePut {
  readonly key: string;
  /** From 1 byte to `MOST_VALUE_BYTES`; not changed afterwards by who puts it or who gets it. */
  readonly value: Uint8Array;
  readonly ttlMs: number;
}

export interface CacheState {
  readonly up: boolean;
  /** A sentence for operators, without a secret. */
  readonly detail: string;
}

/** Larger values are not kept, and what is larger in the cache is not ours. */
export const MOST_VALUE_BYTES = 2 ** 20;

/** Longer parts of a key are kept as their digest. */
const MOST_PART_LENGTH = 160;

/**
 * The name of a value. Different parts never make the same key, so that a part is a wall: who asks with one tenant in it never sees another's.
 * @param digest for parts that are too long to be read: a collision must be out of reach
 */
export function cacheKey(kind: "status" | "answer", parts: readonly string[], digest: (text: string) => string): string {
  return [kind, ...parts.map((part) => keyPart(part, digest))].join(":");
}

function keyPart(part: string, digest: (text: string) => string): string {
  // Lone surrogates have no UTF-8, and so no name of their own.
  const written = part.isWellFormed() ? encodeURIComponent(part) : undefined;
  return written !== undefined && written.length <= MOST_PART_LENGTH ? written : `#${digest(JSON.stringify(part))}`;
}
