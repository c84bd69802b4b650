import type { PromptView } from "../prompt/prompt-view.ts";

/** What is looked at to tell how hard a call is. Plain data, so that it can be gathered in a worker. */
export interface PromptFacts {
  /** The newest words of the user, long ones cut in the middle. */
  readonly lastWords: string;
  readonly characters: number;
  readonly userTurns: number;
  readonly tools: number;
  readonly structured: boolean;
  readonly images: number;
}

/**
 * How hard a call is, 0 to 1: the same for the same facts. What a router is: put another one in at `CallSettings.complexityOf`.
 */
export type ComplexityScore = (facts: PromptFacts) => number;

/** Of the user's last words, so many characters from their beginning and from their end are read: what is pasted lies in between. */
const MOST_READ = 4000;

export function promptFacts(view: PromptView): PromptFacts {
  const users = view.turns.filter(({ role }) => role === "user");
  const last = users.findLast(({ texts }) => texts.length > 0);
  const said = last ? last.texts.map(({ text }) => text).join("\n") : "";
  const lastWords = said.length <= 2 * MOST_READ ? said : `${said.slice(0, MOST_READ)}\n${said.slice(-MOST_READ)}`;
  const { characters, tools, structured, images } = view;
  return { lastWords, characters, userTurns: users.length, tools, structured, images };
}

/** One reason why a call may be hard. */
export interface ComplexityFeature {
  /** What it adds to the complexity where it is there in full. */
  readonly weight: number;
  /** 0: not there, 1: there in full. */
  readonly of: (facts: PromptFacts) => number;
  readonly meaning: string;
}

const CODE =
  /```|^[ \t]*(?:def|class|function|import|#include|SELECT|public|const|let|var)\b|=>|\bstack ?trace\b|\bregex\b|\b(?:python|java|typescript|javascript|rust|golang|sql|c\+\+|kubernetes)\b/gim;
const MATH =
  /\b(?:integral|derivative|equation|theorem|proof|probabilit(?:y|ies)|matrix|polynomial|prime|modulo|logarithm|solve for|calculate|compute|percent(?:age)?|ratio|how (?:many|much))\b|\d\s*[-+*/^=]\s*\d|\\(?:frac|sum|int)\b|[∑∫√≤≥]/gi;
const REASONING =
  /\b(?:why|explain|prove|derive|analy[sz]e|compare|contrast|evaluate|assess|trade-?offs?|design|architect|debug|refactor|optimi[sz]e|plan|strategy|step[- ]by[- ]step|reason(?:ing)?|implications?|root cause|critique|justify|diagnose|infer|deduce|hypothes[ie]s)\b/gi;
const LOGIC =
  /\b(?:if|then|therefore|implies|given that|suppose|assume|either|neither|unless|exactly|at (?:least|most)|valid|invalid|true|false|sort|options?)\b|\([A-F]\)/gi;
const NUMBER = /\d+(?:[.,]\d+)*/g;
const TASKS = /\?|^[ \t]*(?:\d+[.)]|[-*•])\s/gm;

/** In the order of the documentation. The weights add up to more than 1, and the sum is cut there: nothing is harder than hard. */
export const COMPLEXITY_FEATURES = {
  reasoning: {
    weight: 0.4,
    of: ({ lastWords }) => upTo(count(REASONING, lastWords, 3), 3),
    meaning: "Words that ask for thought, such as explain, compare, design, why; three of them are in full.",
  },
  code: {
    weight: 0.35,
    of: ({ lastWords }) => upTo(count(CODE, lastWords, 2), 2),
    meaning: "Code, or words about it; two signs are in full.",
  },
  math: {
    weight: 0.35,
    of: ({ lastWords }) => upTo(count(MATH, lastWords, 2), 2),
    meaning: "Formulas and words of mathematics; two are in full.",
  },
  logic: {
    weight: 0.3,
    of: ({ lastWords }) => upTo(count(LOGIC, lastWords, 4), 4),
    meaning: "Conditions, and choices between answers, such as if, exactly, at least, (A); four are in full.",
  },
  numbers: {
    weight: 0.25,
    of: ({ lastWords }) => upTo(count(NUMBER, lastWords, 5) - 1, 4),
    meaning: "Numbers beyond the first; four more are in full.",
  },
  length: {
    weight: 0.3,
    of: ({ lastWords }) => between(lastWords.length, 100, 4000),
    meaning: "Length of the user's last words, from 100 to 4,000 characters, by doublings.",
  },
  context: {
    weight: 0.2,
    of: ({ characters }) => between(characters, 4000, 128_000),
    meaning: "Length of the whole prompt, from 4,000 to 128,000 characters, by doublings.",
  },
  tasks: {
    weight: 0.2,
    of: ({ lastWords }) => upTo(count(TASKS, lastWords, 6) - 1, 5),
    meaning: "Questions and list items beyond the first; five more are in full.",
  },
  tools: { weight: 0.2, of: ({ tools }) => upTo(tools, 5), meaning: "Tools that the model may call; five are in full." },
  structured: { weight: 0.1, of: ({ structured }) => (structured ? 1 : 0), meaning: "The answer is to be JSON or to keep to a schema." },
  turns: { weight: 0.15, of: ({ userTurns }) => upTo(userTurns - 1, 9), meaning: "Turns of the user before the last; nine are in full." },
  languages: {
    weight: 0.1,
    of: ({ lastWords }) => upTo(count(/\P{ASCII}/gu, lastWords, 20), 20),
    meaning: "Letters beyond ASCII; twenty are in full: small models know English best.",
  },
} as const satisfies Record<string, ComplexityFeature>;

export const heuristicComplexity: ComplexityScore = (facts) => {
  let sum = 0;
  for (const { weight, of } of Object.values(COMPLEXITY_FEATURES)) sum += weight * of(facts);
  // Three digits: what is recorded is what was decided with.
  return Math.round(Math.min(1, sum) * 1000) / 1000;
};

/** Matches, up to a number past which nobody asks. */
function count(pattern: RegExp, text: string, most: number): number {
  pattern.lastIndex = 0;
  let found = 0;
  while (found < most && pattern.exec(text)) found++;
  return found;
}

function upTo(value: number, full: number): number {
  return Math.min(1, Math.max(0, value / full));
}

/** 0 at the least, 1 at the most, and evenly by doublings between. */
function between(value: number, least: number, most: number): number {
  return value <= least ? 0 : upTo(Math.log2(value / least), Math.log2(most / least));
}
