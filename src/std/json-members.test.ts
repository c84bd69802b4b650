import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editBytes, editJsonMembers, findJsonMembers, findJsonPlace } from "./json-members.ts";

const find = (text: string) => findJsonMembers(Buffer.from(text))!;

/** JSON.stringify in three hands: compact, spaced, and with every character escaped. */
function written(value: unknown, hand: number): string {
  if (hand === 0) return JSON.stringify(value);
  if (hand === 1) return JSON.stringify(value, null, 3);
  return JSON.stringify(value).replace(/[^\x20-\x7e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Members of all objects in a value, as JSON.parse sees them. */
function membersOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const children = Object.values(value);
  return (Array.isArray(value) ? 0 : children.length) + children.reduce((sum: number, child) => sum + membersOf(child), 0);
}

describe("findJsonMembers", () => {
  it("counts the members at every depth as JSON.parse does, and twins that it drops", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue()), fc.nat(2), (value, hand) => {
        const text = written(value, hand);
        expect(find(text).written).toBe(membersOf(JSON.parse(text)));
      }),
    );
    expect(find('{"a":[{"type":"x","type":"y:{}"}],"b":":"}').written).toBe(4);
  });

  it("finds the members that JSON.parse finds, with their values, however they are written", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue()), fc.nat(2), (value, hand) => {
        const text = written(value, hand);
        const { members } = find(text);
        const bytes = Buffer.from(text);
        expect([...members.keys()]).toEqual(Object.keys(JSON.parse(text)));
        for (const [key, member] of members) {
          expect(JSON.parse(bytes.subarray(member.valueStart, member.valueEnd).toString())).toEqual(
            (JSON.parse(text) as Record<string, unknown>)[key],
          );
        }
      }),
    );
  });

  it("tells a key that occurs twice, also when it is written differently", () => {
    expect(find('{"a":1,"b":2,"a":3}').duplicate).toBe("a");
    expect(find('{"a":1,"\\u0061":3}').duplicate).toBe("a");
    expect(find('{"a":{"a":1,"a":2}}').duplicate).toBeUndefined();
  });

  it("is undefined for what is no object", () => {
    expect(findJsonMembers(Buffer.from("[1]"))).toBeUndefined();
  });
});

describe("editJsonMembers", () => {
  it("replaces and adds members and leaves every other byte as it was", () => {
    const bytes = Buffer.from('{ "model" : "a" , "n":1e400, "x":{"model":"b"} }');
    const edited = editJsonMembers(bytes, findJsonMembers(bytes)!, [
      { key: "model", value: '"c"' },
      { key: "max_tokens", value: "5" },
    ]);
    expect(edited.toString()).toBe('{"max_tokens":5, "model" : "c" , "n":1e400, "x":{"model":"b"} }');
  });

  it("adds to an empty object", () => {
    const bytes = Buffer.from("{ }");
    expect(JSON.parse(editJsonMembers(bytes, findJsonMembers(bytes)!, [{ key: "a", value: "1" }]).toString())).toEqual({ a: 1 });
  });

  it("gives what assigning the members would give, for any object", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 }),
        (value, changes) => {
          const bytes = Buffer.from(JSON.stringify(value));
          const edits = Object.entries(changes).map(([key, inner]) => ({ key, value: JSON.stringify(inner) }));
          const edited: unknown = JSON.parse(editJsonMembers(bytes, findJsonMembers(bytes)!, edits).toString());
          expect(edited).toEqual(JSON.parse(JSON.stringify({ ...value, ...changes })));
        },
      ),
    );
  });
});

describe("findJsonPlace", () => {
  it("leads to the value that JSON.parse finds there, at any depth and in any hand", () => {
    const paths = (value: unknown, path: (string | number)[] = []): (string | number)[][] => {
      if (typeof value !== "object" || value === null) return [path];
      const children = Array.isArray(value) ? value.map((child, at) => [at, child] as const) : Object.entries(value);
      return [path, ...children.flatMap(([step, child]) => paths(child, [...path, step]))];
    };
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(2), (value, hand) => {
        const bytes = Buffer.from(written(value, hand));
        const parsed = JSON.parse(bytes.toString()) as unknown;
        for (const path of paths(parsed)) {
          const { start, end } = findJsonPlace(bytes, path)!;
          const expected = path.reduce<unknown>((inner, step) => (inner as Record<string | number, unknown>)[step], parsed);
          expect(JSON.parse(bytes.toString("utf8", start, end))).toEqual(expected);
        }
      }),
    );
  });

  it("is undefined where the path leads nowhere", () => {
    const bytes = Buffer.from('{"a":[1,{"b":2}]}');
    for (const path of [["b"], ["a", 2], ["a", "b"], ["a", 1, 0], ["a", 0, "b"]]) expect(findJsonPlace(bytes, path)).toBeUndefined();
  });
});

describe("editBytes", () => {
  it("replaces stretches in any order and puts in at empty ones", () => {
    const edits = [
      { start: 4, end: 5, text: "E" },
      { start: 1, end: 3, text: "" },
      { start: 0, end: 0, text: ">" },
    ];
    expect(editBytes(Buffer.from("abcdef"), edits).toString()).toBe(">adEf");
  });
});
