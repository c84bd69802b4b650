import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compressText } from "./compress-text.ts";
import { protectedSpans } from "./protected-text.ts";

const PIECES = [
  "Please summarise the report for the board of the company.",
  "Could you please explain in order to understand it  better,   please?",
  "So , um , I think that , uh , we do not want that .",
  "It is important to note that we must not remove this, due to the fact that it is needed.",
  "Thank you very much in advance for your help!",
  'He said "please  do  not  um touch  this" and left.',
  "Run `npm  run   please` at 2024-05-01  10:00 on https://example.com/a?b=please  &c.",
  "   indented   a little",
  "    indented  as  code please",
  "| a |  b  |\n|---|---|\n| please   note that | 1 |",
  "```\nplease  note that   x = 1\n\n\n\ny = 2\n```",
  "~~~python\nplease  um\n~~~",
  '{\n  "please": "um,  yes",\n  "n":   1\n}',
  "<doc id=1>\nplease note that  um\n\n\n\n<doc>inner</doc>\n</doc>",
  "Uh-huh, that is right. Uh-uh, it is not.",
  "We aim to please. Do as you please.",
  "The quick brown fox jumps over the lazy dog, and it does so again and again, in the sun and in the rain, all day and all night long, for ever.",
  "",
  "",
  "  ",
  "- one  item, please\n- two  items",
  "> quoted   please",
  "a   b   c   columns",
  "Total:  $1,234.56 due   2024-12-31, um, by the end of the day.",
  '"unclosed quote  please',
  "<unclosed please  um",
  "{ open   please",
];
const texts = fc
  .array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 40 }), fc.string({ unit: "binary", maxLength: 20 })), {
    maxLength: 14,
  })
  .chain((pieces) => fc.constantFrom("\n", "\n\n", "\n\n\n\n", " ").map((between) => pieces.join(between)));

describe("the tighter form of a prompt", () => {
  it("is the form of itself, and never longer", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const form = compressText(text);
        expect(form.length).toBeLessThanOrEqual(text.length);
        expect(compressText(form)).toBe(form);
      }),
      { numRuns: 2000, seed: 11 },
    );
  });

  it("keeps every protected span byte for byte and in its order, but for those in a repeated passage", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const before = protectedSpans(text);
        const after = protectedSpans(compressText(text));
        // The spans of the form are those of the text in their order, with nothing new.
        let at = 0;
        for (const span of after) {
          const found = before.indexOf(span, at);
          expect([span, found >= 0]).toEqual([span, true]);
          at = found + 1;
        }
        for (const span of before) expect([span, after.includes(span)]).toEqual([span, true]);
      }),
      { numRuns: 2000, seed: 12 },
    );
  });

  it("holds code, tables, data, markup, quotations, numbers and addresses as they were written", () => {
    const kept = PIECES.filter((piece) => /^(?:```|~~~|\||\{\n|<doc| {4}|>)/.test(piece));
    expect(kept).toHaveLength(7);
    fc.assert(
      fc.property(fc.shuffledSubarray(kept, { minLength: 1 }), fc.nat(3), (pieces, blank) => {
        const text = pieces
          .map((piece) => `Please note that  this is what we have for you and the team, um, to see.\n${piece}`)
          .join("\n".repeat(blank + 1));
        const form = compressText(text);
        for (const piece of pieces) expect(form).toContain(`\n${piece}`);
        expect(form.length).toBeLessThan(text.length);
      }),
      { numRuns: 200, seed: 14 },
    );
    const spans = ['"please  do  not  um touch  this"', "`npm  run   please`", "https://example.com/a?b=please", "$1,234.56", "2024-12-31"];
    const form = compressText(spans.map((span) => `Please look at ${span}  and tell the team what it is, please.`).join("\n"));
    for (const span of spans) expect(form).toContain(span);
    expect(form).not.toMatch(/please\.$|Please look/m);
  });

  it.each([
    "a",
    " ",
    "\n",
    "\t",
    '"',
    "'",
    "`",
    "<",
    "<a>",
    "{",
    "[",
    "please ",
    " please",
    "um ",
    "$",
    "``",
    "a <b> ",
    "- x\n",
    "you 1 ",
    "thanks. ",
    "and please please ",
  ])("takes no long time for %j over and over", (piece) => {
    const text = `What is the plan of the team, and what is it for? ${piece.repeat(100_000 / piece.length)}x`;
    const begun = performance.now();
    compressText(text);
    expect(performance.now() - begun).toBeLessThan(1500);
  });

  it.each(["\u201c", "\u00ab", "\u201c a ", "``", "' ", "$", "<a ", "[\n"])(
    "takes no square of its length for a text of nothing but %j",
    (piece) => {
      const begun = performance.now();
      compressText(piece.repeat(120_000 / piece.length));
      expect(performance.now() - begun).toBeLessThan(1500);
    },
  );

  it("takes a paragraph of as many lines as there are", () => {
    const text = "a line\n".repeat(200_000);
    expect(compressText(text)).toBe(text);
  });

  it("keeps a quotation within a quotation", () => {
    const text =
      "This is what the team of the board said to them: \u201cthey wrote \u201cplease  wait\u201d, and please  no more\u201d of it.";
    expect(compressText(text)).toBe(text);
  });

  it("leaves negations where they are", () => {
    const NEGATION = /\b(?:not|no|never|without|don't|isn't|must not|cannot|uh-uh)\b/gi;
    fc.assert(
      fc.property(texts, (text) => {
        const before = new Set(text.match(NEGATION) ?? []);
        const after = new Set(compressText(text).match(NEGATION) ?? []);
        expect(after).toEqual(before);
      }),
      { numRuns: 500, seed: 13 },
    );
  });

  it("says the same with fewer words, and leaves out what was said before", () => {
    const again = PIECES.find((piece) => piece.startsWith("The quick"))!;
    const text = `Could you please explain the plan  of the team in order to improve it?\n\n\n\n${again}\n\nThen there is this.\n\n${again}\n\nThank you so much!`;
    expect(compressText(text)).toBe(`explain the plan of the team to improve it?\n\n${again}\n\nThen there is this.\n`);
  });

  it("does not touch the words of another language, nor data", () => {
    const german = "Bitte um eine kurze Antwort: um wie viel Uhr kommt der Zug an, und um was geht es in dem Gespräch? Please um.";
    expect(compressText(german)).toBe(german);
    const data = '{ "please":  "um,  note that",\n\n\n\n "a": [1,   2] }';
    expect(compressText(data)).toBe(data);
  });
});
