import { type CachePut, type CacheState, MOST_VALUE_BYTES, type SharedCache } from "../../ports/shared-cache.ts";

/** What an entry costs beside its key and value: the map's own. */
const ENTRY_BYTES = 200;
const DEFAULT_MOST_BYTES = 32 * 2 ** 20;

interface Kept {
  readonly value: Uint8Array;
  readonly bytes: number;
  readonly until: number;
}

/** In this process only. Bounded in bytes: what was not asked for longest goes first. */
export class MemoryCache implements SharedCache {
  readonly kind = "memory";
  readonly #mostBytes: number;
  readonly #steadyNow: () => number;
  readonly #entries = new Map<string, Kept>();
  #bytes = 0;

  constructor(steadyNow: () => number, mostBytes = DEFAULT_MOST_BYTES) {
    this.#steadyNow = steadyNow;
    this.#mostBytes = mostBytes;
  }

  async get(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    return keys.map((key) => this.#find(key));
  }

  async put(entries: readonly CachePut[]): Promise<boolean> {
    return entries.map((entry) => this.#keep(entry)).every((kept) => kept);
  }

  async delete(keys: readonly string[]): Promise<boolean> {
    for (const key of keys) this.#drop(key);
    return true;
  }

  state(): CacheState {
    return { up: true, detail: `in memory, ${this.#entries.size} values` };
  }

  async close(): Promise<void> {
    this.#entries.clear();
    this.#bytes = 0;
  }

  #find(key: string): Uint8Array | undefined {
    const kept = this.#entries.get(key);
    if (!kept) return undefined;
    this.#drop(key);
    if (kept.until <= this.#steadyNow()) return undefined;
    // To the end of the line: the map keeps the order of insertion.
    this.#entries.set(key, kept);
    this.#bytes += kept.bytes;
    return kept.value;
  }

  #keep({ key, value, ttlMs }: CachePut): boolean {
    this.#drop(key);
    const bytes = value.length + key.length + ENTRY_BYTES;
    if (value.length === 0 || value.length > MOST_VALUE_BYTES || bytes > this.#mostBytes) return false;
    this.#entries.set(key, { value, bytes, until: this.#steadyNow() + ttlMs });
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#mostBytes) break;
      this.#drop(oldest);
    }
    return true;
  }

  #drop(key: string): void {
    const kept = this.#entries.get(key);
    if (!kept) return;
    this.#entries.delete(key);
    this.#bytes -= kept.bytes;
  }
}
