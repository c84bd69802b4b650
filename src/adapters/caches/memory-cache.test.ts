import { describe, expect, it } from "vitest";
import { sharedCacheConformance } from "../../ports/shared-cache-conformance.ts";
import { MemoryCache } from "./memory-cache.ts";

sharedCacheConformance("memory", async () => {
  let now = 0;
  const cache = new MemoryCache(() => now);
  const pass = async (ms: number) => {
    now += ms;
  };
  return { cache, pass, dispose: () => cache.close() };
});

describe("the cache in memory", () => {
  it("stays within its bytes: what was not asked for longest goes first", async () => {
    const cache = new MemoryCache(() => 0, 9000);
    const put = (key: string, length: number) => cache.put([{ key, value: new Uint8Array(length), ttlMs: 1000 }]);
    await put("a", 3000);
    await put("b", 3000);
    await cache.get(["a"]);
    await put("c", 3000);
    expect((await cache.get(["a", "b", "c"])).map((value) => value !== undefined)).toEqual([true, false, true]);
    expect(await put("large", 20_000)).toBe(false);
    for (let turn = 0; turn < 10; turn++) await put("a", 3000);
    expect((await cache.get(["a", "c"])).map((value) => value !== undefined)).toEqual([true, true]);
  });
});
