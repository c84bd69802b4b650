import type { RedisClientType } from "@redis/client";
import { type CachePut, type CacheState, MOST_VALUE_BYTES, type SharedCache } from "../../ports/shared-cache.ts";

export interface RedisCacheOptions {
  /** redis:// or rediss://, with name, password and database as they are usual. */
  readonly url: string;
  /** Before every key; installations that share a server differ in it. */
  readonly prefix: string;
  readonly log: CacheLog;
  /** No caller waits longer for an answer. */
  readonly waitMs?: number;
  /** After a failure nobody waits at all for this long. */
  readonly restMs?: number;
}

export interface CacheLog {
  warn(facts: object, words: string): void;
  info(facts: object, words: string): void;
}

type Library = typeof import("@redis/client");
type Client = ReturnType<typeof clientOf>;

const WAIT_MS = 50;
const REST_MS = 5000;
const CONNECT_MS = 2000;
/** A late answer that comes within this time shows that the server was only busy. */
const LATE_MS = 1000;
/** Later than that so often between two rests, and it counts as slow. */
const MOST_LATE = 3;
/** More commands than this under way mean that the server does not follow. */
const MOST_UNDER_WAY = 20_000;

/** @returns at once: the connection is made behind it, and made again whenever it is lost */
export async function openRedisCache(options: RedisCacheOptions): Promise<SharedCache> {
  const library = await import("@redis/client");
  return new RedisCache(library, options);
}

/**
 * Redis or Valkey, over one connection. Whatever goes wrong (a refused command, a lost connection, no answer) ends the connection; then the
 * cache is away for `restMs` and until a value could be written again. While an answer is late nobody else waits: a server that is down, full
 * or locked costs one wait, and one that is slow a few.
 */
class RedisCache implements SharedCache {
  readonly kind = "redis";
  readonly #library: Library;
  readonly #options: RedisCacheOptions;
  readonly #place: string;
  readonly #waitMs: number;
  /** The connection while it works. */
  #client: Client | undefined;
  #failure: string | undefined = "not connected yet";
  #told = false;
  /** An answer is late: until it is there the others go without. */
  #isLate = false;
  #lates = 0;
  #closed = false;
  #again: NodeJS.Timeout | undefined;
  #connecting: Promise<void>;

  constructor(library: Library, options: RedisCacheOptions) {
    this.#library = library;
    this.#options = options;
    this.#waitMs = options.waitMs ?? WAIT_MS;
    const { host, pathname } = new URL(options.url);
    this.#place = `${host}${pathname === "/" ? "" : pathname}`;
    this.#connecting = this.#connect();
  }

  async get(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[] | undefined> {
    const { RESP_TYPES, ErrorReply } = this.#library;
    return this.#ask(async (client) => {
      const reader = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
      // A range and not the whole: what a stranger put there may be of any size.
      const asked = keys.map((key) => reader.getRange(this.#nameOf(key), 0, MOST_VALUE_BYTES));
      return (await Promise.allSettled(asked)).map((reply) => rangeOf(reply, ErrorReply));
    });
  }

  async put(entries: readonly CachePut[]): Promise<boolean> {
    if (entries.some(({ value }) => value.length === 0 || value.length > MOST_VALUE_BYTES)) return false;
    const put = await this.#ask(async (client) => {
      await settled(
        entries.map(({ key, value, ttlMs }) =>
          client.set(this.#nameOf(key), Buffer.from(value.buffer, value.byteOffset, value.byteLength), {
            expiration: { type: "PX", value: Math.max(1, Math.ceil(ttlMs)) },
          }),
        ),
      );
      return true;
    });
    return put ?? false;
  }

  async delete(keys: readonly string[]): Promise<boolean> {
    if (keys.length === 0) return true;
    const deleted = await this.#ask(async (client) => {
      await client.unlink(keys.map((key) => this.#nameOf(key)));
      return true;
    });
    return deleted ?? false;
  }

  state(): CacheState {
    if (this.#failure !== undefined) return { up: false, detail: `${this.#place} is not in use: ${this.#failure}` };
    return this.#isLate ? { up: false, detail: `${this.#place} is late with an answer` } : { up: true, detail: `${this.#place} answers` };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#again);
    const client = this.#client;
    this.#client = undefined;
    if (client) destroy(client);
    await this.#connecting;
  }

  async #ask<Value>(work: (client: Client) => Promise<Value>): Promise<Value | undefined> {
    const client = this.#client;
    if (!client || this.#isLate) return undefined;
    const asked = work(client);
    try {
      return await within(asked, this.#waitMs);
    } catch (error) {
      if (error instanceof LateError) void this.#await(client, asked, error);
      else this.#lose(client, error);
      return undefined;
    }
  }

  /** For an answer that is late. */
  async #await(client: Client, asked: Promise<unknown>, late: LateError): Promise<void> {
    if (this.#client !== client || this.#isLate) {
      asked.catch(() => {});
      return;
    }
    this.#isLate = true;
    if (this.#lates++ === 0) {
      setTimeout(() => {
        this.#lates = 0;
      }, this.#options.restMs ?? REST_MS).unref();
    }
    try {
      await within(asked, LATE_MS);
      if (this.#lates > MOST_LATE) this.#lose(client, late);
    } catch (error) {
      this.#lose(client, error);
    }
    if (this.#client === client) this.#isLate = false;
  }

  #lose(client: Client, error: unknown): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#isLate = false;
    destroy(client);
    this.#rest(error);
  }

  #rest(error: unknown): void {
    this.#failure = (error as Error).message || String(error);
    if (this.#closed) return;
    const { log, restMs = REST_MS } = this.#options;
    // Once, and not again until it has worked: what happens in between is the same story.
    if (!this.#told) log.warn({ cache: this.#place, said: this.#failure }, "the shared cache is not in use; the ledger answers instead");
    this.#told = true;
    this.#again = setTimeout(() => {
      this.#connecting = this.#connect();
    }, restMs);
    this.#again.unref();
  }

  /** In use only after a value could be written in time: a server that is full or only reads would lose what has to be taken back. */
  async #connect(): Promise<void> {
    const client = clientOf(this.#library, this.#options.url);
    client.on("error", (error: unknown) => this.#lose(client, error));
    try {
      await within(client.connect(), CONNECT_MS);
      await within(client.set(this.#nameOf("probe"), "1", { expiration: { type: "PX", value: 1000 } }), this.#waitMs);
    } catch (error) {
      destroy(client);
      this.#rest(error);
      return;
    }
    if (this.#closed) return destroy(client);
    this.#client = client;
    this.#failure = undefined;
    if (this.#told) this.#options.log.info({ cache: this.#place }, "the shared cache is in use again");
    this.#told = false;
  }

  #nameOf(key: string): string {
    return `${this.#options.prefix}:${key}`;
  }
}

function clientOf(
  { createClient }: Library,
  url: string,
): RedisClientType<Record<string, never>, Record<string, never>, Record<string, never>, 2> {
  return createClient({
    url,
    // The older protocol, which every Redis and Valkey speaks without being asked first.
    RESP: 2,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: "disabled",
    commandsQueueMaxLength: MOST_UNDER_WAY,
    socket: { reconnectStrategy: false, connectTimeout: CONNECT_MS },
  });
}

function rangeOf(reply: PromiseSettledResult<Buffer | null>, ErrorReply: Library["ErrorReply"]): Uint8Array | undefined {
  if (reply.status === "fulfilled") {
    const { value } = reply;
    return value === null || value.length === 0 || value.length > MOST_VALUE_BYTES ? undefined : value;
  }
  const { reason } = reply;
  // A list or a hash under our key: somebody else's, and nothing of ours.
  if (reason instanceof ErrorReply && reason.message.startsWith("WRONGTYPE")) return undefined;
  throw reason;
}

/** Like Promise.all, but with no rejection left over that nobody hears. */
async function settled(promises: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(promises)) if (result.status === "rejected") throw result.reason;
}

class LateError extends Error {}

async function within<Value>(work: Promise<Value>, ms: number): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    // After what the network has brought meanwhile: a process that was busy itself must not blame the server.
    timer = setTimeout(() => setImmediate(() => reject(new LateError(`no answer within ${ms} ms`))), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function destroy(client: Client): void {
  try {
    client.destroy();
  } catch {
    // It was closed already, which is what is wanted.
  }
}
