import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findRepeatedMember } from "./repeated-member.ts";

describe("findRepeatedMember", () => {
  it.each([
    ['{"a":1,"a":2}', "/a", 7],
    // The same name, written in another way.
    ['{"cost_usd":1,"cost\\u005fusd":2}', "/cost_usd", 14],
    ['{"scope":{"tenant":"a","team":"b","tenant":"c"}}', "/scope/tenant", 34],
    ['{"list":[{"x":1},{"y":[],"x":{},"y":0}]}', "/list/1/y", 32],
    ['{"a/b":1, "a/b":2}', "/a~1b", 10],
    ['{"":1,"":2}', "/", 6],
    ['{"__proto__":1,"__proto__":2}', "/__proto__", 15],
  ])("finds the second one in %s", (text, field, offset) => {
    expect(findRepeatedMember(text)).toMatchObject({ field, offset });
  });

  it("says line and column", () => {
    expect(findRepeatedMember('{"a": 1,\n  "a": 2}')).toMatchObject({ line: 2, column: 3 });
  });

  it.each([
    '{"a":"a","b":["a","a"],"c":{"a":1}}',
    '[{"a":1},{"a":1}]',
    '{"a":"{\\"a\\":1,\\"a\\":2}"}',
    '{"a":"\\\\","b":"\\"a\\":"}',
    '{"a":1,"A":2}',
    "[]",
    '"a"',
    "1",
  ])("finds none in %s", (text) => {
    expect(findRepeatedMember(text)).toBeUndefined();
  });

  it("finds none in what JSON.stringify writes, and the one that is put in", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1, noNullPrototype: true }), fc.nat(), (object, pick) => {
        const text = JSON.stringify(object);
        if (findRepeatedMember(text) !== undefined) return false;
        const names = Object.keys(object);
        const name = JSON.stringify(names[pick % names.length]);
        return findRepeatedMember(`${text.slice(0, -1)},${name}:0}`)?.offset === text.length;
      }),
      { numRuns: 2000 },
    );
  });

  it("cuts the pointer of a deep one", () => {
    expect(findRepeatedMember(`${'{"a":'.repeat(1000)}{"b":1,"b":2}${"}".repeat(1000)}`)?.field).toHaveLength(201);
  });

  it("takes neither long nor deep text amiss", () => {
    expect(findRepeatedMember(`${'{"a":['.repeat(50_000)}${"]}".repeat(50_000)}`)).toBeUndefined();
    expect(findRepeatedMember(JSON.stringify({ a: '\\"'.repeat(500_000) }))).toBeUndefined();
  });
});
