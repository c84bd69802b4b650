import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findJsonStop } from "./json-stop.ts";

describe("findJsonStop", () => {
  it("finds no stop in any JSON, and one in what JSON.parse refuses", () => {
    const texts = fc.oneof(
      fc.json(),
      fc.json().map((text) => text.slice(0, -1)),
      fc
        .tuple(fc.json(), fc.nat(), fc.string({ maxLength: 2 }))
        .map(([text, at, more]) => text.slice(0, at % text.length) + more + text.slice(at % text.length)),
    );
    fc.assert(
      fc.property(texts, (text) => (findJsonStop(text) === undefined) === isJson(text)),
      { numRuns: 5000 },
    );
  });

  it("does not exhaust the stack on deep nesting", () => {
    expect(findJsonStop("[".repeat(200_000))).toMatchObject({ offset: 200_000 });
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
