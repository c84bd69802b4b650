import { ENGLISH_WORDS } from "./english-words.ts";
import {
  ABOUT_WORDS,
  ASKING,
  CLOSINGS,
  CONTRACTIONS,
  COUNTING_WORDS,
  COURTESIES,
  HARMLESS_WORDS,
  LABELLED_WORDS,
  NAMES_AS_WORDS,
  NEGATIONS,
  QUESTION_WORDS,
  SAME_BEGINNINGS,
  SAME_WORDS,
} from "./harmless-words.ts";

/** A question, reduced to what tells it from others. */
export interface QuestionForm {
  /** What counts, in its order. */
  readonly words: readonly string[];
  /** Whether misspellings, plurals and the order of clauses are looked over; in a strict form every word counts as it stands. */
  readonly isStrict: boolean;
  /** Whether one and several of a thing are the same to it. */
  readonly countsThings: boolean;
}

/** Longer questions have too much in them that could differ, and rarely come twice but word for word. */
export const MOST_QUESTION_LENGTH = 400;

const QUOTES = /["“”«»`]|(?:^|\s)['‘]/;
/** Marks around a word; before a figure a dash is its sign, and behind a figure or a letter "!" is an operation. */
const LEADING = /^(?:["'(‘’¿¡[]|[*–—-](?![*–—-]*\.?\d))+/;
const TRAILING = /(?:[)"'‘’.,?;:…\]*–—-]|(?<!^(?:.*\d|\p{L}))!)+$/u;
/** Between sentences, where a negation shows that it matters to which one it belongs. */
const BREAK = "=.";
const WORD = /^\p{L}[\p{L}\p{M}]*(?:'\p{L}+)?$/u;
const ALL_CAPS = /^\p{Lu}{2,}$/u;

/** @returns undefined where a question is too long, of several lines, or has no words: then only the very same text is the same question */
export function questionForm(text: string): QuestionForm | undefined {
  // The compatible forms of NFKC would make 10³ and 103 the same.
  const whole = text.normalize("NFC").trim().replaceAll("’", "'");
  if (whole === "" || whole.length > MOST_QUESTION_LENGTH || /[\r\n\t\p{Cc}]/u.test(whole)) return undefined;
  const tokens = tokensOf(whole);
  const letters = tokens.map(({ text }) => text).filter((token) => WORD.test(token));
  const keys = tokens.map((token, at) => (isLetterA(tokens, at) ? ["=a"] : keysOf(token, letters)));
  const isNegated = keys.flat().some((word) => NEGATIONS.has(word));
  const spoken = keys.flatMap((words, at) => (isNegated && at > 0 && tokens[at]!.beginsSentence ? [BREAK, ...words] : words));
  if (spoken.length === 0) return undefined;
  // A text after a colon, in quotes, or about words is what is worked on: there the small words count too.
  if (QUOTES.test(whole) || /[:;]\s/.test(whole) || spoken.some((word) => ABOUT_WORDS.has(word)) || !isEnglish(spoken)) {
    return { words: spoken, isStrict: true, countsThings: true };
  }
  const words = asAsked(spoken);
  // Where only small words are left, what was taken away may have been what it was about: "why hello".
  if (words.every(isSmallWord)) return { words: spoken, isStrict: true, countsThings: true };
  return { words, isStrict: false, countsThings: words.some((word) => COUNTING_WORDS.has(word)) };
}

/** "vitamin a": an article stands before what it belongs to. */
function isLetterA(tokens: readonly Token[], at: number): boolean {
  const [before, text, next] = [at - 1, at, at + 1].map((place) => tokens[place]?.text.toLowerCase());
  if (text !== "a") return false;
  return LABELLED_WORDS.has(before ?? "") || next === undefined || (isSmallWord(next) && !COUNTING_WORDS.has(next));
}

interface Token {
  readonly text: string;
  readonly beginsSentence: boolean;
}

function tokensOf(whole: string): Token[] {
  const tokens: Token[] = [];
  let beginsSentence = true;
  for (const written of whole.split(/\s+/).flatMap(hyphenated)) {
    const text = written.replace(LEADING, "").replace(TRAILING, "");
    if (text !== "") tokens.push({ text, beginsSentence });
    beginsSentence = /[.!?,)…]$/.test(written);
  }
  return tokens;
}

/** "top-up" as "top up"; what has digits or other signs in it stays whole. */
function hyphenated(token: string): string[] {
  return /^[("']*\p{L}+(?:-\p{L}+)+[)"'.,!?;:…]*$/u.test(token) ? token.split("-") : [token];
}

/** A word in lower case, its contraction resolved; a name, number or code as it is written, marked so that no word equals it. */
function keysOf({ text: token, beginsSentence }: Token, letters: readonly string[]): readonly string[] {
  const lower = token.toLowerCase();
  if (!WORD.test(token)) return SAME_WORDS.has(lower) ? [SAME_WORDS.get(lower)!] : [`=${token}`];
  const isSmall = isSmallWord(lower);
  // US and us, Turkey and turkey, Will and will: where case tells a name from a word, it counts.
  if ((isSmall || NAMES_AS_WORDS.has(lower)) && lower !== "i" && isName(token, beginsSentence, letters)) return [`=${token}`];
  const contracted = CONTRACTIONS.get(lower);
  if (contracted) return contracted;
  const [stem, end] = lower.split("'") as [string, string | undefined];
  if (end === undefined) return [SAME_WORDS.get(lower) ?? lower];
  if (stem.endsWith("n") && end === "t") return [sameWord(stem.slice(0, -1)), "not"];
  if (end === "re") return [sameWord(stem), "be"];
  if (end === "ve") return [sameWord(stem), "have"];
  if (end === "ll") return [sameWord(stem), "will"];
  if (end === "d") return [sameWord(stem), "would"];
  if (end === "s" && (QUESTION_WORDS.has(stem) || IS_AFTER.has(stem))) return [sameWord(stem), "be"];
  return end === "s" ? [`${stem}'s`] : [lower];
}

const IS_AFTER = new Set(["it", "that", "there", "here", "he", "she", "this"]);

function sameWord(word: string): string {
  return SAME_WORDS.get(word) ?? word;
}

function isName(token: string, beginsSentence: boolean, letters: readonly string[]): boolean {
  if (ALL_CAPS.test(token)) return letters.some((other) => other !== other.toUpperCase());
  const capitalised = letters.filter((other) => /^(?!I\b)\p{Lu}/u.test(other)).length;
  return /^\p{Lu}/u.test(token) && !beginsSentence && capitalised * 2 <= letters.length;
}

const SMALL_WORDS: ReadonlySet<string> = new Set([
  ...HARMLESS_WORDS,
  ...QUESTION_WORDS,
  ...NEGATIONS,
  ...COUNTING_WORDS,
  ..."i me you he she it we they us him her them his its our your their this that these those be am is are was were been being have has had".split(
    " ",
  ),
  ..."do did does done can could will would shall should may might must and or but so than then in on at to from by for of with about as into up".split(
    " ",
  ),
  ..."down out off over under again there here too very also get got go let want need know use make take give my mine not no yes now more less".split(
    " ",
  ),
]);

export function isSmallWord(word: string): boolean {
  return SMALL_WORDS.has(word);
}

/** The lists of this room are English: of another language nothing is known to be harmless. */
function isEnglish(words: readonly string[]): boolean {
  const known = words.filter((word) => SMALL_WORDS.has(word) || ENGLISH_WORDS.has(word) || word === "be").length;
  return known * 2 >= words.length && words.every((word) => word.startsWith("=") || /^[a-z']+$/.test(word));
}

/** Without what is only said around the question. */
function asAsked(spoken: readonly string[]): readonly string[] {
  let words = withoutHarmless(spoken);
  for (const closing of CLOSINGS) if (endsWith(words, closing)) words = trimmed(words.slice(0, -closing.length));
  for (const courtesy of COURTESIES) {
    const said = withoutHarmless(courtesy);
    if (said.length > 0 && beginsWith(words, said) && words.length > said.length + 2) words = trimmed(words.slice(said.length));
  }
  for (const asking of ASKING) {
    const said = withoutHarmless(asking);
    if (beginsWith(words, said) && QUESTION_WORDS.has(words[said.length] ?? "")) {
      words = words.slice(said.length);
      break;
    }
  }
  for (const [beginning, same] of SAME_BEGINNINGS) {
    if (beginsWith(words, beginning)) return [...same, ...words.slice(beginning.length)];
  }
  return words;
}

/** "Do I need it" asks what "I need it" tells; behind a question word, or before "not", "do" says nothing. */
function withoutHarmless(words: readonly string[]): readonly string[] {
  let isAsked = false;
  const kept = words.flatMap((word, at) => {
    isAsked ||= QUESTION_WORDS.has(word);
    const asks = (word === "do" || word === "does") && !isAsked && !NEGATIONS.has(words[at + 1] ?? "");
    return asks ? ["do"] : HARMLESS_WORDS.has(word) ? [] : [word];
  });
  return trimmed(kept);
}

function trimmed(words: readonly string[]): readonly string[] {
  const first = words.findIndex((word) => word !== BREAK);
  return first === -1 ? [] : words.slice(first, words.findLastIndex((word) => word !== BREAK) + 1);
}

function beginsWith(words: readonly string[], beginning: readonly string[]): boolean {
  return words.length > beginning.length && beginning.every((word, at) => words[at] === word);
}

function endsWith(words: readonly string[], end: readonly string[]): boolean {
  const from = words.length - end.length;
  return from > 0 && end.every((word, at) => words[from + at] === word);
}
