import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { generatedText, literalText, type SimText } from "./sim-text.ts";
import { sampleArguments } from "./sim-tool-arguments.ts";
import { countWords, englishWords } from "./sim-words.ts";

const texts = fc.string({
  unit: fc.oneof(fc.constantFrom(" ", "\n", "\t", '"', "\\", "ü", "👍"), fc.string({ unit: "binary", maxLength: 1 })),
});

/** Cuts a text anywhere and puts it together again, through JSON. */
function rejoined(text: SimText, cuts: readonly number[]): string {
  const at = [0, ...cuts.map((cut) => cut % (text.tokens + 1)).sort((a, b) => a - b), text.tokens];
  return at
    .slice(1)
    .map((to, index) => JSON.parse(`"${text.piece(at[index]!, to)}"`))
    .join("");
}

describe("words", () => {
  it("are counted as split says, and never more than bytes", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const words = text.split(/[\0- ]+/).filter((word) => word !== "").length;
        expect(countWords(text)).toBe(words);
        expect(words).toBeLessThanOrEqual(Buffer.byteLength(text));
      }),
    );
  });

  it("of the endless text are as many as asked for, wherever it starts", () => {
    fc.assert(
      fc.property(fc.nat(30_000), fc.nat(20_000), (start, tokens) => {
        const text = englishWords(start, 0, tokens);
        expect(countWords(text)).toBe(tokens);
        expect(JSON.stringify(text).length).toBe(text.length + 2);
      }),
      { numRuns: 50 },
    );
  });
});

describe("pieces of an answer", () => {
  it("add up to the whole, in ASCII, however they are cut", () => {
    fc.assert(
      fc.property(texts, fc.array(fc.nat(1000), { maxLength: 5 }), (text, cuts) => {
        const words = countWords(text);
        if (words === 0) return;
        const literal = literalText(text, words);
        expect(rejoined(literal, cuts)).toBe(text.isWellFormed() ? text : JSON.parse(JSON.stringify(text)));
        expect(literal.piece(0, words)).toMatch(/^[\x20-\x7e]*$/);
        const generated = generatedText(words * 100, cuts[0] ?? 0);
        expect(rejoined(generated, cuts)).toBe(englishWords(cuts[0] ?? 0, 0, words * 100));
      }),
    );
  });
});

describe("arguments of a tool", () => {
  it.each([
    [undefined, '{"text":"W"}'],
    [{ type: "object", properties: { a: { type: "integer", minimum: 4 }, b: { type: "boolean" } } }, '{"a":4}'],
    [
      { type: "object", required: ["q", "on"], properties: { q: { anyOf: [{ type: "string" }, { type: "null" }] }, on: { const: 1 } } },
      '{"q":"W","on":1}',
    ],
    [
      { required: ["list"], properties: { list: { type: "array", items: { properties: { s: { type: ["string", "null"] } } } } } },
      '{"list":[{"s":"W"}]}',
    ],
    [{ type: "object", properties: {} }, "{}"],
  ])("for %j are %s", (schema, expected) => {
    const { before, after, takesWords } = sampleArguments(schema);
    expect(takesWords ? `${before}W${after}` : before).toBe(expected);
  });
});
