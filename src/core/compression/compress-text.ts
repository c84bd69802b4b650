import { isEnglish, withoutFillers } from "./filler-phrases.ts";
import { canBeMasked, changeProse, linesOf, type TextLine } from "./protected-text.ts";

/** A repetition is left out from here on: shorter ones are often meant. */
const LONG_LINE = 120;
const LONG_PARAGRAPH = 80;
/** Beyond it a text is sent as it is: this is no place to spend a second on one call. */
const MOST_CHARACTERS = 2_000_000;
/** Prose takes two or three; a text that was made to take more is sent as it is. */
const MOST_PASSES = 12;

/**
 * The tighter form of a text: no space at the end of lines nor twice in a row, at most one empty line, no exact repetition of a long line or paragraph, and
 * in English no politeness and no filler. Everything else stands as it was written, protected spans byte for byte.
 */
export function compressText(text: string): string {
  if (text.length > MOST_CHARACTERS || !canBeMasked(text) || isData(text)) return text;
  // Every pass makes it shorter or leaves it as it is, so there is a last one; then the form of the form is the form itself.
  let before = text;
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    const after = tighten(before);
    if (after === before) return after;
    before = after;
  }
  return text;
}

function isData(text: string): boolean {
  const first = text.trimStart()[0];
  if (first !== "{" && first !== "[") return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function tighten(text: string): string {
  const english = isEnglish(text);
  const tighter = linesOf(text).map((line) =>
    line.isProse ? { ...line, text: changeProse(line.text, (prose) => shorten(prose, english)) } : line,
  );
  return withoutRepetitions(tighter)
    .map((line) => line.text)
    .join("\n");
}

function shorten(line: string, english: boolean): string {
  const indent = /^[ \t]*/.exec(line)![0];
  // Spaces first: the phrases are looked for in a text that has one between two words.
  const spaced = line
    .slice(indent.length)
    .trimEnd()
    .replace(/[ \t]{2,}/g, " ");
  const rest = english ? withoutFillers(spaced).trim() : spaced;
  return rest === "" ? "" : indent + rest;
}

function withoutRepetitions(lines: readonly TextLine[]): TextLine[] {
  const seenLines = new Set<string>();
  const seenParagraphs = new Set<string>();
  const kept: TextLine[] = [];
  let paragraph: TextLine[] = [];
  const end = () => {
    const whole = paragraph.map((line) => line.text).join("\n");
    const isRepeated = whole.length >= LONG_PARAGRAPH && seenParagraphs.has(whole) && paragraph.every((line) => line.isProse);
    if (whole.length >= LONG_PARAGRAPH) seenParagraphs.add(whole);
    if (!isRepeated) for (const line of paragraph) kept.push(line);
    paragraph = [];
  };
  for (const line of lines) {
    if (line.isProse && line.text === "") {
      end();
      // One empty line parts two paragraphs as well as five.
      if (kept.length === 0 || kept.at(-1)!.text !== "") kept.push(line);
      continue;
    }
    const isLong = line.isProse && line.text.length >= LONG_LINE;
    if (isLong && seenLines.has(line.text)) continue;
    if (isLong) seenLines.add(line.text);
    paragraph.push(line);
  }
  end();
  return kept;
}
