import { describe, expect, it } from "vitest";
import { AnswerCache } from "./answer-cache.ts";

const answer = (bytes: number, keptAt = 0) => ({ answer: { status: 200, headers: {}, body: new Uint8Array(bytes) }, keptAt, costNano: 5n });

describe("the cache of answers", () => {
  it("gives an answer to the owner who got it, to the same request, and to nobody else", () => {
    const cache = new AnswerCache(100_000);
    const kept = answer(10);
    cache.keep("key/acme", "f", kept, 1000);
    expect(cache.find("key/acme", "f", 1)).toBe(kept);
    expect(cache.find("key/globex", "f", 1)).toBeUndefined();
    expect(cache.find("key/acme", "g", 1)).toBeUndefined();
  });

  it("forgets an answer when its time is over", () => {
    const cache = new AnswerCache(100_000);
    cache.keep("key/acme", "f", answer(10), 1000);
    expect(cache.find("key/acme", "f", 999)).toBeDefined();
    expect(cache.find("key/acme", "f", 1000)).toBeUndefined();
  });

  it("stays within its bytes: what was not asked for longest goes first", () => {
    const cache = new AnswerCache(10_000);
    cache.keep("k", "a", answer(3000), 1000);
    cache.keep("k", "b", answer(3000), 1000);
    cache.find("k", "a", 1);
    cache.keep("k", "c", answer(3000, 2), 1000);
    expect(["a", "b", "c"].map((name) => cache.find("k", name, 3) !== undefined)).toEqual([true, false, true]);
  });

  it("keeps nothing that is larger than all of it, and counts an answer kept again once", () => {
    const cache = new AnswerCache(10_000);
    cache.keep("k", "large", answer(20_000), 1000);
    expect(cache.find("k", "large", 1)).toBeUndefined();
    for (let turn = 0; turn < 10; turn++) cache.keep("k", "a", answer(3000, turn), 1000);
    cache.keep("k", "b", answer(3000, 10), 1000);
    expect(cache.find("k", "a", 11)).toBeDefined();
  });

  it("tells which answers are gone, and says nothing of one that was kept anew", () => {
    const gone: string[] = [];
    const cache = new AnswerCache(10_000, (owner, fingerprint) => gone.push(`${owner} ${fingerprint}`));
    cache.keep("k", "a", answer(3000), 1000);
    cache.keep("k", "a", answer(3000, 1), 1000);
    cache.keep("k", "b", answer(3000, 2), 1000);
    expect(gone).toEqual([]);
    cache.keep("k", "c", answer(3000, 3), 1000);
    cache.find("k", "b", 2000);
    expect(gone).toEqual(["k a", "k b"]);
  });
});
