import { describe, expect, it } from "vitest";
import type { CachePut, SharedCache } from "../ports/shared-cache.ts";
import { AnswerCache, type KeptAnswer } from "./answer-cache.ts";
import { SharedAnswers } from "./shared-answers.ts";

const answer = (body: string) => ({ status: 200, headers: { "content-type": "application/json" }, body: Buffer.from(body) });
const ANSWER: KeptAnswer = { answer: answer('{"ok":true}'), keptAt: 0, costNano: 12n };

/** What a shared cache has for everybody, and whether it is there. */
function aCache() {
  const values = new Map<string, Uint8Array>();
  const state = { isAway: false };
  const cache: SharedCache = {
    kind: "redis",
    get: async (keys) => (state.isAway ? undefined : keys.map((key) => values.get(key))),
    async put(entries: readonly CachePut[]) {
      if (!state.isAway) for (const { key, value } of entries) values.set(key, value);
      return !state.isAway;
    },
    delete: async () => true,
    state: () => ({ up: !state.isAway, detail: "" }),
    close: async () => {},
  };
  return { values, state, process: () => new SharedAnswers(new AnswerCache(100_000), cache) };
}

describe("answers in a shared cache", () => {
  it("are found by another process, by the same owner and request, until their time is over", async () => {
    const { process } = aCache();
    const [first, second] = [process(), process()];
    first.keep("key/acme", "f", ANSWER, 1000);
    expect(await second.find("key/acme", "f", 999)).toEqual(ANSWER);
    expect(await second.find("key/acme", "f", 1000)).toBeUndefined();
    expect(await second.find("key/globex", "f", 1)).toBeUndefined();
    expect(await second.find("key/acme", "g", 1)).toBeUndefined();
  });

  it("reach nobody else, also when one lies under another's key", async () => {
    const { values, process } = aCache();
    const [first, second] = [process(), process()];
    first.keep("key/acme", "f", ANSWER, 1000);
    first.keep("key/globex", "f", { ...ANSWER, answer: answer("secret") }, 1000);
    const [acme, globex] = [...values.keys()];
    values.set(acme!, values.get(globex!)!);
    expect(await second.find("key/acme", "f", 1)).toBeUndefined();
  });

  it.each([
    "",
    "not JSON",
    "null",
    "[]",
    '{"owner":"key/acme","fingerprint":"f","keptAt":0,"until":9,"costNano":"1","status":500,"headers":{},"body":""}',
    '{"owner":"key/acme","fingerprint":"f","keptAt":0,"until":9,"costNano":"-1","status":200,"headers":{},"body":""}',
    '{"owner":"key/acme","fingerprint":"f","until":9,"status":200,"headers":{},"body":""}',
    "\u0000\u0001",
  ])("that are none of ours are no answers: %j", async (garbage) => {
    const { values, process } = aCache();
    const first = process();
    first.keep("key/acme", "f", ANSWER, 1000);
    for (const key of values.keys()) values.set(key, Buffer.from(garbage));
    expect(await process().find("key/acme", "f", 1)).toBeUndefined();
  });

  it("are this process's own while the cache is away", async () => {
    const { state, process } = aCache();
    const [first, second] = [process(), process()];
    state.isAway = true;
    first.keep("key/acme", "f", ANSWER, 1000);
    expect(await first.find("key/acme", "f", 1)).toEqual(ANSWER);
    expect(await second.find("key/acme", "f", 1)).toBeUndefined();
  });
});
