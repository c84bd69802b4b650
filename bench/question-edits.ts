import { OPPOSITES } from "../src/core/answer-reuse/harmless-words.ts";

/** Two questions that look alike and ask something else, and what makes the difference. */
export interface EditedPair {
  readonly textA: string;
  readonly textB: string;
  readonly edit: string;
}

type Edit = (question: string, draw: () => number) => readonly [string, string] | undefined;

const AUXILIARY = /\b(can|could|will|would|should|do|does|did|is|are|was|were|has|have|had|may|must)\b(?! not)/i;
const QUESTION_WORDS = ["how", "why", "when", "where", "who", "what", "which"];
const COUNTRIES = ["Germany", "France", "Spain", "Japan", "Poland", "India", "Norway", "Kenya"];
const CURRENCIES = ["EUR", "USD", "GBP", "CHF", "JPY", "AUD"];
const BRANDS = ["Visa", "Mastercard", "Amex", "PayPal", "Apple Pay", "Google Pay"];
const TIMES = ["today", "tomorrow", "yesterday", "last week", "next month", "in March"];
/** A letter apart, and another word. */
const NEAR_WORDS =
  "charge:change charged:changed top:stop lost:last sent:send from:form new:now pin:pie card:cart pay:play rate:date fee:free bank:blank top:tip money:monkey physical:physics status:statues"
    .split(" ")
    .map((pair) => pair.split(":"));
const CONDITIONS = [
  "without a card",
  "from abroad",
  "for my son",
  "as a business",
  "on weekends",
  "twice a day",
  "before I am 18",
  "after I moved",
];

/** What people change when they ask something else in nearly the same words. */
export const EDITS: Readonly<Record<string, Edit>> = {
  negation: (question) => replaced(question, AUXILIARY, (word) => `${word} not`),
  contracted_negation: (question) =>
    replaced(question, /\b(can|do|does|did|is|are|was|were|has|have|would|could|should)\b(?! not)/i, (word) =>
      word.toLowerCase() === "can" ? "can't" : `${word}n't`,
    ),
  amount: (question, draw) => withTwo(question, draw, ["5", "50", "500", "5000", "0.5", "5,50"], (value) => `for ${value} dollars`),
  unit: (question, draw) => withTwo(question, draw, ["minutes", "hours", "days", "weeks", "months"], (unit) => `within 3 ${unit}`),
  currency: (question, draw) => withTwo(question, draw, CURRENCIES, (currency) => `in ${currency}`),
  date: (question, draw) => withTwo(question, draw, ["3 May", "13 May", "3 June", "2025-05-03", "2026-05-03"], (date) => `on ${date}`),
  code: (question, draw) => withTwo(question, draw, ["INV-1041", "INV-1014", "INV-1041B", "inv_1041", "1041"], (code) => `about ${code}`),
  place: (question, draw) => withTwo(question, draw, [...COUNTRIES, ...BRANDS], (name) => `with ${name}`),
  time: (question, draw) => withTwo(question, draw, TIMES, (time) => time),
  direction: (question, draw) => {
    const [one, other] = [CURRENCIES[draw() % 3]!, CURRENCIES[3 + (draw() % 3)]!];
    return [appended(question, `from ${one} to ${other}`), appended(question, `from ${other} to ${one}`)];
  },
  roles: (question, draw) => {
    const names = ["my brother", "my bank", "the shop", "my employer"];
    const one = draw() % names.length;
    const [first, second] = [names[one]!, names[(one + 1) % names.length]!];
    return [appended(question, `if ${first} owes ${second}`), appended(question, `if ${second} owes ${first}`)];
  },
  near_word: (question) => {
    const found = NEAR_WORDS.find(([word]) => new RegExp(`\\b${word}\\b`, "i").test(question));
    return found && replaced(question, new RegExp(`\\b${found[0]}\\b`, "i"), () => found[1]!);
  },
  condition: (question, draw) => {
    const condition = CONDITIONS[draw() % CONDITIONS.length]!;
    return [question, appended(question, condition)];
  },
  opposite: (question) => {
    const word = question.split(/[^A-Za-z]+/).find((candidate) => OPPOSITES.has(candidate.toLowerCase()) && candidate.length > 2);
    return word === undefined ? undefined : replaced(question, new RegExp(`\\b${word}\\b`), (found) => OPPOSITES.get(found.toLowerCase())!);
  },
  question_word: (question, draw) =>
    replaced(question, /^(how|why|when|where|who|what|which)\b/i, (word) => {
      const others = QUESTION_WORDS.filter((other) => other !== word.toLowerCase());
      return others[draw() % others.length]!;
    }),
};

/** Every edit that can be made to a question. */
export function editsOf(question: string, draw: () => number): EditedPair[] {
  return Object.entries(EDITS).flatMap(([edit, make]) => {
    const pair = make(question, draw);
    return pair && pair[0] !== pair[1] ? [{ textA: pair[0], textB: pair[1], edit }] : [];
  });
}

function replaced(question: string, pattern: RegExp, by: (word: string) => string): readonly [string, string] | undefined {
  const edited = question.replace(pattern, (word) => by(word));
  return edited === question ? undefined : [question, edited];
}

function withTwo(
  question: string,
  draw: () => number,
  values: readonly string[],
  say: (value: string) => string,
): readonly [string, string] {
  const one = draw() % values.length;
  const other = (one + 1 + (draw() % (values.length - 1))) % values.length;
  return [appended(question, say(values[one]!)), appended(question, say(values[other]!))];
}

function appended(question: string, words: string): string {
  const [, body, end] = /^([\s\S]*?)([.?!\s]*)$/.exec(question)!;
  return `${body} ${words}${end!.trim()}`;
}
