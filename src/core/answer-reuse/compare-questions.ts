import { ENGLISH_WORDS } from "./english-words.ts";
import { CLAUSE_WORDS, FLOATING_WORDS, NEGATIONS, OPPOSITES, QUESTION_WORDS } from "./harmless-words.ts";
import { isSmallWord, type QuestionForm } from "./question-form.ts";

/** Why two questions are not the same; the first that is found, the gravest first. */
export type QuestionConflict = "opposite" | "negation" | "number" | "question_word" | "name" | "order" | "word";

export type Comparison = { readonly same: true; readonly misspelt: number } | { readonly same: false; readonly conflict: QuestionConflict };

/**
 * Whether two questions ask the same: when every word of each has its word in the other, in the same order. Harmless words are gone
 * from the forms; a misspelling or a plural may stand for its word. What is left over on either side keeps them apart.
 */
export function compareQuestions(one: QuestionForm, other: QuestionForm): Comparison {
  if (sameSequence(one.words, other.words)) return { same: true, misspelt: 0 };
  if (one.isStrict || other.isStrict) return apart(one.words, other.words);
  const { pairs, left, right } = pairUp(one.words, other.words);
  const mayCount = !one.countsThings && !other.countsThings;
  let misspelt = 0;
  for (const [at, word] of left) {
    const match = [...right].find(([, candidate]) => (mayCount && isPlural(word, candidate)) || isMisspelling(word, candidate));
    if (!match) return apart([...left.values()], [...right.values()]);
    if (!isPlural(word, match[1])) misspelt += 1;
    pairs.set(at, match[0]);
    right.delete(match[0]);
  }
  if (right.size > 0) return apart([], [...right.values()]);
  if (misspelt > 2 || misspelt * 3 > one.words.length) return { same: false, conflict: "word" };
  return sameOrder(one.words, other.words, pairs) ? { same: true, misspelt } : { same: false, conflict: "order" };
}

function sameSequence(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((word, at) => word === other[at]);
}

interface Pairing {
  /** From the place in the one to the place in the other. */
  readonly pairs: Map<number, number>;
  readonly left: Map<number, string>;
  readonly right: Map<number, string>;
}

function pairUp(one: readonly string[], other: readonly string[]): Pairing {
  const right = new Map(other.entries());
  const left = new Map<number, string>();
  const pairs = new Map<number, number>();
  for (const [at, word] of one.entries()) {
    const match = [...right].find(([, candidate]) => candidate === word);
    if (!match) left.set(at, word);
    else {
      pairs.set(at, match[0]);
      right.delete(match[0]);
    }
  }
  return { pairs, left, right };
}

/** The same order but for floating words, or two clauses that changed places. */
function sameOrder(one: readonly string[], other: readonly string[], pairs: ReadonlyMap<number, number>): boolean {
  // "Is it working" asks, "it is working" tells.
  if (FLOATING_WORDS.has(one[0]!) !== FLOATING_WORDS.has(other[0]!)) return false;
  const places: number[] = [];
  for (const [at, word] of one.entries()) if (!FLOATING_WORDS.has(word)) places.push(pairs.get(at)!);
  const breaks = places.slice(1).flatMap((place, at) => (place < places[at]! ? [at + 1] : []));
  if (breaks.length === 0) return true;
  if (breaks.length > 1 || places.at(-1)! > places[0]!) return false;
  // "if I lose my card, what now": the clause that begins with a clause word moved, and both are more than a word.
  const second = breaks[0]!;
  const words = one.filter((word) => !FLOATING_WORDS.has(word));
  const longEnough = second >= 3 && words.length - second >= 3;
  const clauses = words.filter((word) => CLAUSE_WORDS.has(word)).length;
  return longEnough && clauses === 1 && (CLAUSE_WORDS.has(words[0]!) || CLAUSE_WORDS.has(words[second]!)) && !words.includes("be");
}

function isPlural(one: string, other: string): boolean {
  return singular(one) === singular(other) && one.length >= 4 && other.length >= 3;
}

function singular(word: string): string {
  if (isSmallWord(word) || word.startsWith("=") || word.length < 4 || !word.endsWith("s") || /(?:ss|us|is)$/.test(word)) return word;
  if (word.endsWith("ies") && word.length > 4) return `${word.slice(0, -3)}y`;
  return /(?:ch|sh|x|s|z)es$/.test(word) ? word.slice(0, -2) : word.slice(0, -1);
}

/** One letter too many, too few, another, or two in the wrong order, inside a word of which only one of the two is known. */
function isMisspelling(one: string, other: string): boolean {
  if (one.length < 6 && other.length < 6) return false;
  if (Math.abs(one.length - other.length) > 1 || !/^[a-z]+$/.test(one) || !/^[a-z]+$/.test(other)) return false;
  if (one[0] !== other[0] || one.at(-1) !== other.at(-1)) return false;
  if (isKnown(one) === isKnown(other)) return false;
  return isOneEdit(one, other);
}

function isKnown(word: string): boolean {
  return ENGLISH_WORDS.has(word) || ENGLISH_WORDS.has(singular(word)) || isSmallWord(word);
}

function isOneEdit(one: string, other: string): boolean {
  let start = 0;
  while (start < one.length && one[start] === other[start]) start++;
  let end = 0;
  while (end < Math.min(one.length, other.length) - start && one.at(-1 - end) === other.at(-1 - end)) end++;
  const [left, right] = [one.slice(start, one.length - end), other.slice(start, other.length - end)];
  if (left.length <= 1 && right.length <= 1) return true;
  return left.length === 2 && right.length === 2 && left[0] === right[1] && left[1] === right[0];
}

function apart(left: readonly string[], right: readonly string[]): Comparison {
  const words = [...onlyIn(left, right), ...onlyIn(right, left)];
  if (words.length === 0) return { same: false, conflict: "order" };
  return { same: false, conflict: CONFLICTS.find(([, shows]) => shows(words))?.[0] ?? "word" };
}

const PREFIXED = /^(?:un|non|dis|de|in|im|ir)([a-z]{4,})$/;

/** What the words show that are in one question alone. */
const CONFLICTS: readonly (readonly [QuestionConflict, (words: readonly string[]) => boolean])[] = [
  ["opposite", (words) => words.some((word) => words.includes(OPPOSITES.get(word) ?? ""))],
  ["negation", (words) => words.some((word) => NEGATIONS.has(word) || words.includes(PREFIXED.exec(word)?.[1] ?? ""))],
  ["number", (words) => words.some((word) => word.startsWith("=") && /\d/.test(word))],
  ["question_word", (words) => words.some((word) => QUESTION_WORDS.has(word))],
  ["name", (words) => words.some((word) => word.startsWith("="))],
];

function onlyIn(words: readonly string[], others: readonly string[]): string[] {
  return words.filter((word) => !others.includes(word));
}
