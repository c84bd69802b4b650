import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type RedisServer, redisIsHere, startRedis } from "../../../test/servers/redis-server.ts";
import type { SharedCache } from "../../ports/shared-cache.ts";
import { sharedCacheConformance } from "../../ports/shared-cache-conformance.ts";
import { openRedisCache, type RedisCacheOptions } from "./redis-cache.ts";

const isHere = redisIsHere();
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
/** Tests share the machine: what is slow here is not the server. */
const PATIENT = { waitMs: 1000, restMs: 100 };

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries++) {
    if (tries > 400) throw new Error("it did not come to that");
    await sleep(10);
  }
}

describe.skipIf(!isHere)("Redis", () => {
  let server: RedisServer;
  const logged: string[] = [];
  const opened: SharedCache[] = [];
  const log = {
    warn: (facts: object, words: string) => logged.push(`warn ${words} ${JSON.stringify(facts)}`),
    info: (facts: object, words: string) => logged.push(`info ${words} ${JSON.stringify(facts)}`),
  };
  async function open(options: Partial<RedisCacheOptions> = {}): Promise<SharedCache> {
    const cache = await openRedisCache({ url: server.url, prefix: "test", log, ...PATIENT, ...options });
    opened.push(cache);
    return cache;
  }
  const put = (cache: SharedCache, value = new Uint8Array([1])) => cache.put([{ key: "k", value, ttlMs: 60_000 }]);

  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server?.close());
  afterEach(async () => {
    for (const cache of opened.splice(0)) await cache.close();
    logged.length = 0;
  });

  sharedCacheConformance("Redis", async () => {
    const own = await startRedis();
    const cache = await openRedisCache({ url: own.url, prefix: "test", log, ...PATIENT });
    await until(() => cache.state().up);
    const dispose = async () => {
      await cache.close();
      await own.close();
    };
    return { cache, pass: sleep, dispose };
  });

  it("is killed: callers hear so at once, one line is logged, and it is in use again, empty, when it is back", async () => {
    const cache = await open();
    await until(() => cache.state().up);
    expect(await put(cache)).toBe(true);
    await server.kill();
    const begun = performance.now();
    for (let call = 0; call < 1000; call++)
      expect([await cache.get(["k"]), await put(cache), await cache.delete(["k"])]).toEqual([undefined, false, false]);
    expect(performance.now() - begun).toBeLessThan(1000);
    await sleep(500);
    expect(cache.state()).toMatchObject({ up: false, detail: expect.stringContaining("is not in use: ") });
    expect(logged).toEqual([expect.stringMatching(/^warn the shared cache is not in use/)]);
    await server.start();
    await until(() => cache.state().up);
    expect(await cache.get(["k"])).toEqual([undefined]);
    expect(logged).toHaveLength(2);
    expect(logged[1]).toMatch(/^info the shared cache is in use again/);
  });

  it("hangs: each caller waits once and no longer than said, those after nobody, and it comes back by itself", async () => {
    const cache = await open({ waitMs: 50, restMs: 200 });
    await until(() => cache.state().up);
    server.pause();
    try {
      const begun = performance.now();
      const answers = await Promise.all(Array.from({ length: 500 }, () => cache.get(["k"])));
      expect(answers.every((answer) => answer === undefined)).toBe(true);
      expect(performance.now() - begun).toBeLessThan(500);
      const after = performance.now();
      for (let call = 0; call < 1000; call++) await cache.get(["k"]);
      expect(performance.now() - after).toBeLessThan(50);
      expect(cache.state()).toMatchObject({ up: false, detail: expect.stringContaining("late") });
      await until(() => logged.length > 0);
      await sleep(600);
      // A server that takes connections and says nothing is asked again and again, and told of once.
      expect(cache.state().detail).toMatch(/no answer within/);
      expect(logged).toHaveLength(1);
    } finally {
      server.resume();
    }
    await until(() => cache.state().up);
    expect(await put(cache)).toBe(true);
  });

  it("is busy for a moment: one caller waits, and it is in use again as soon as it answers", async () => {
    const cache = await open({ waitMs: 50, restMs: 60_000 });
    await until(() => cache.state().up);
    server.pause();
    expect(await put(cache)).toBe(false);
    server.resume();
    await until(() => cache.state().up);
    // What was late has arrived all the same.
    expect(await cache.get(["k"])).toEqual([new Uint8Array([1])].map((bytes) => Buffer.from(bytes)));
    expect(logged).toEqual([]);
  });

  it("is slow: after a few waits nobody waits any more", async () => {
    let delayMs = 0;
    const slow = createServer((near) => {
      const far = connect(Number(new URL(server.url).port), "127.0.0.1");
      const end = () => [near, far].map((socket) => socket.destroy());
      for (const socket of [near, far]) socket.on("error", end).on("close", end);
      near.pipe(far);
      far.on("data", (piece) => setTimeout(() => near.write(piece), delayMs));
    }).listen(0, "127.0.0.1");
    await once(slow, "listening");
    try {
      const cache = await open({ url: `redis://127.0.0.1:${(slow.address() as AddressInfo).port}`, waitMs: 50, restMs: 5000 });
      await until(() => cache.state().up);
      delayMs = 90;
      let waits = 0;
      const begun = performance.now();
      while (performance.now() - begun < 1500) {
        const asked = performance.now();
        await cache.get(["k"]);
        const tookMs = performance.now() - asked;
        if (tookMs > 25) waits++;
        else await sleep(5);
      }
      expect(waits).toBeGreaterThan(0);
      expect(waits).toBeLessThan(8);
      expect(logged).toEqual([expect.stringMatching(/^warn the shared cache is not in use.*no answer within 50 ms/)]);
    } finally {
      slow.close();
    }
  });

  it("is full: what it refuses to take makes it unused until it takes something again", async () => {
    const cache = await open();
    await until(() => cache.state().up);
    await server.command("CONFIG", "SET", "maxmemory-policy", "noeviction");
    await server.command("CONFIG", "SET", "maxmemory", "1");
    expect(await put(cache)).toBe(false);
    await sleep(400);
    expect(cache.state()).toMatchObject({ up: false, detail: expect.stringContaining("OOM") });
    expect(logged).toHaveLength(1);
    await server.command("CONFIG", "SET", "maxmemory", "0");
    await until(() => cache.state().up);
    expect(await put(cache)).toBe(true);
  });

  it("is full: what was sent together with the refused write is deleted all the same", async () => {
    const cache = await open();
    await until(() => cache.state().up);
    await put(cache);
    await server.command("CONFIG", "SET", "maxmemory", "1");
    await Promise.all([cache.put([{ key: "other", value: new Uint8Array([1]), ttlMs: 1000 }]), cache.delete(["k"])]);
    expect(await server.command("EXISTS", "test:k")).toBe(0);
    await server.command("CONFIG", "SET", "maxmemory", "0");
  });

  it("holds a stranger's values under our keys: nothing of another kind, empty or endless is given to anybody", async () => {
    const cache = await open();
    await until(() => cache.state().up);
    await server.command("RPUSH", "test:list", "x");
    await server.command("HSET", "test:hash", "a", "b");
    await server.command("SET", "test:empty", "");
    await server.command("SETRANGE", "test:endless", String(40 * 2 ** 20), "x");
    expect(await cache.get(["list", "hash", "empty", "endless"])).toEqual([undefined, undefined, undefined, undefined]);
    expect(await cache.put([{ key: "list", value: new Uint8Array([7]), ttlMs: 1000 }])).toBe(true);
    expect(Array.from((await cache.get(["list"]))![0]!)).toEqual([7]);
    expect(logged).toEqual([]);
  });

  it("does not let us in: the reason is told without the password, and a right one works", async () => {
    const locked = await startRedis({ password: "S3CRET" });
    try {
      const wrong = await open({ url: locked.url.replace("S3CRET", "WR0NG") });
      await until(() => logged.length > 0);
      expect(wrong.state()).toMatchObject({ up: false, detail: expect.stringMatching(/WRONGPASS|invalid/) });
      expect(JSON.stringify([logged, wrong.state()])).not.toMatch(/S3CRET|WR0NG/);
      const right = await open({ url: locked.url });
      await until(() => right.state().up);
    } finally {
      await locked.close();
    }
  });

  it("lets us do no more than we need: four commands on our own keys are enough", async () => {
    await server.command("ACL", "SETUSER", "ballast", "on", ">S3CRET", "~test:*", "+getrange", "+set", "+unlink", "+select");
    const url = `${server.url.replace("redis://", "redis://ballast:S3CRET@")}/3`;
    const [cache, elsewhere] = [await open({ url }), await open({ url, prefix: "elsewhere" })];
    await until(() => cache.state().up);
    expect([await put(cache), await cache.delete(["k"]), await cache.get(["k"])]).toEqual([true, true, [undefined]]);
    await until(() => elsewhere.state().detail.includes("NOPERM"));
    expect(JSON.stringify([logged, elsewhere.state()])).not.toContain("S3CRET");
  });

  it("was never there: opening waits for nothing", async () => {
    const cache = await open({ url: "redis://127.0.0.1:1" });
    expect([await cache.get(["k"]), await put(cache)]).toEqual([undefined, false]);
    await until(() => logged.length === 1);
  });

  it("keeps installations with different prefixes apart", async () => {
    const [one, other] = [await open(), await open({ prefix: "other" })];
    await until(() => one.state().up && other.state().up);
    await put(one);
    expect(await other.get(["k"])).toEqual([undefined]);
  });
});
