import { hash } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cacheKey, MOST_VALUE_BYTES, type SharedCache } from "./shared-cache.ts";

export interface CacheUnderTest {
  readonly cache: SharedCache;
  /** Lets time pass; where time is real, by waiting. */
  pass(ms: number): Promise<void>;
  dispose(): Promise<void>;
}

const digest = (text: string) => hash("sha256", text, "hex");
const bytes = (text: string) => new TextEncoder().encode(text);

/** What every cache does while it is there. */
export function sharedCacheConformance(name: string, open: () => Promise<CacheUnderTest>): void {
  describe(`${name} as a shared cache`, () => {
    let subject: CacheUnderTest;
    let cache: SharedCache;
    let keys = 0;
    const fresh = () => cacheKey("answer", [String(++keys)], digest);
    const put = (key: string, value: Uint8Array, ttlMs = 60_000) => cache.put([{ key, value, ttlMs }]);
    const read = async (...wanted: string[]) => (await cache.get(wanted))?.map((value) => value && [...value]);

    beforeAll(async () => {
      subject = await open();
      cache = subject.cache;
    });
    afterAll(() => subject?.dispose());

    it("gives every byte back as it came, and what was put last", async () => {
      const key = fresh();
      const all = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);
      expect(await put(key, bytes("before"))).toBe(true);
      expect(await put(key, all)).toBe(true);
      expect((await read(key))![0]).toEqual([...all]);
    });

    it("answers in the order of the keys, and nothing for what is not there", async () => {
      const [a, b, c] = [fresh(), fresh(), fresh()];
      await cache.put([
        { key: c, value: bytes("c"), ttlMs: 60_000 },
        { key: a, value: bytes("a"), ttlMs: 60_000 },
      ]);
      expect(await read(a, b, c, a)).toEqual([[97], undefined, [99], [97]]);
      expect(await read()).toEqual([]);
    });

    it("forgets when the time is over, and at once what is deleted", async () => {
      const [short, long, deleted] = [fresh(), fresh(), fresh()];
      await put(short, bytes("s"), 40);
      await put(long, bytes("l"), 60_000);
      await put(deleted, bytes("d"));
      expect([await cache.delete([deleted, fresh()]), await cache.delete([])]).toEqual([true, true]);
      await subject.pass(80);
      expect(await read(short, long, deleted)).toEqual([undefined, [108], undefined]);
    });

    it("sees what was asked for before in the order in which it was asked, without waiting in between", async () => {
      const key = fresh();
      const [, , gone, , last] = await Promise.all([put(key, bytes("1")), cache.delete([key]), read(key), put(key, bytes("2")), read(key)]);
      expect([gone, last]).toEqual([[undefined], [[50]]]);
    });

    it("keeps nothing that is empty or too large, and says so", async () => {
      const key = fresh();
      expect(await put(key, new Uint8Array(MOST_VALUE_BYTES + 1))).toBe(false);
      expect(await put(key, new Uint8Array(0))).toBe(false);
      expect(await read(key)).toEqual([undefined]);
      expect(await put(key, new Uint8Array(MOST_VALUE_BYTES))).toBe(true);
    });

    it("never shows one tenant's value to another, whatever their names are", async () => {
      const part = fc.oneof(
        fc.string({ maxLength: 12 }),
        fc.string({ unit: "binary", maxLength: 200 }),
        fc.constantFrom(":", "%3A", "#", "", "\ud800"),
      );
      await fc.assert(
        fc.asyncProperty(
          fc.array(part, { minLength: 2, maxLength: 3 }),
          fc.array(part, { minLength: 2, maxLength: 3 }),
          async (mine, other) => {
            fc.pre(JSON.stringify(mine) !== JSON.stringify(other));
            const [own, others] = [cacheKey("answer", mine, digest), cacheKey("answer", other, digest)];
            await cache.delete([own, others]);
            await put(own, bytes("mine"));
            expect((await cache.get([others]))![0]).toBeUndefined();
            expect((await cache.get([cacheKey("status", mine, digest)]))![0]).toBeUndefined();
          },
        ),
        { numRuns: 100 },
      );
    });
  });
}
