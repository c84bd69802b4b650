import { englishWords, wordEnds } from "./sim-words.ts";

/** The visible part of an answer, cut by tokens. */
export interface SimText {
  readonly tokens: number;
  /** Tokens [from, to) as the inside of a JSON string, ASCII only: its length is its bytes. Pieces add up to the whole. */
  piece(from: number, to: number): string;
}

export function generatedText(tokens: number, start: number): SimText {
  return { tokens, piece: (from, to) => englishWords(start, from, to) };
}

/** @param tokens how many of its words are said; all of them keeps the space after the last one */
export function literalText(text: string, tokens: number): SimText {
  const ends = wordEnds(text);
  const endOf = (at: number): number => (at === 0 ? 0 : at >= ends.length ? text.length : ends[at - 1]!);
  return { tokens, piece: (from, to) => insideJsonString(text.slice(endOf(from), endOf(to))) };
}

/** Text between other text, which goes with its first and last token. */
export function framedText(prefix: string, inner: SimText, suffix: string): SimText {
  const before = insideJsonString(prefix);
  const after = insideJsonString(suffix);
  return {
    tokens: inner.tokens,
    piece: (from, to) => (from === 0 && to > 0 ? before : "") + inner.piece(from, to) + (to === inner.tokens && to > from ? after : ""),
  };
}

/** JSON in ASCII, so that its length is its bytes and it can be written as latin1. */
export function asciiJson(value: unknown): string {
  return escapeBeyondAscii(JSON.stringify(value) ?? "null");
}

export function insideJsonString(text: string): string {
  return escapeBeyondAscii(JSON.stringify(text).slice(1, -1));
}

function escapeBeyondAscii(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
