/** A way of saying less with more words, and what stands for it. */
interface Filler {
  /** A line without any of these letters, in lower case, does not have the phrase: a look that costs nothing beside the phrase's own. */
  readonly hints: readonly string[];
  readonly phrase: RegExp;
  readonly instead: string;
}

/** Where a sentence, or a part of one, begins. */
const START = String.raw`(?<=^\s*|[.!?:;,]\s+|\b(?:and|then|also|but) )`;
const politely = (words: string) => new RegExp(`${START}${words}`, "gi");
const drop = (phrase: RegExp, ...hints: string[]): Filler => ({ hints, phrase, instead: "" });
const shorten = (words: string, instead: string): Filler => ({ hints: [words], phrase: new RegExp(`\\b${words}\\b`, "gi"), instead });

/**
 * English only: whoever calls makes sure of that. In this order, longer ones before what they hold. None holds a negation, a number or a name, and each makes the text shorter.
 */
const FILLERS: readonly Filler[] = [
  drop(politely(String.raw`(?:could|can|would|will) you (?:please |kindly )(?=\w)`), "you please", "you kindly"),
  drop(politely(String.raw`i (?:would like|want|need) you to (?:please )?(?=\w)`), "you to "),
  drop(politely(String.raw`i was wondering if you could (?=\w)`), "wondering"),
  drop(politely("(?:please |kindly )?(?:note|be advised|be aware|keep in mind) that "), "note that", "be a", "in mind"),
  drop(politely("it is (?:important|worth|interesting) (?:to note|noting|to mention|mentioning) that "), "it is "),
  // "to please him" and "as you please" are another word.
  drop(politely(String.raw`(?:please|kindly) (?=\w)(?!the\b|him\b|her\b|me\b|them\b|everyone\b|note\b)`), "please", "kindly"),
  drop(/(?<!\b(?:to|you|they|we|i|only|will|not)),? please(?=\s*[.!?](?:\s|$)|\s*$)/gi, " please"),
  drop(
    /(?<=^\s*|[.!?]\s+)(?:thanks|thank you)(?: (?:so|very) much)?(?: in advance)?(?: for your (?:help|time|assistance|support))?[.!]*\s*$/gi,
    "thank",
  ),
  shorten("due to the fact that", "because"),
  shorten("in spite of the fact that", "although"),
  shorten("at this point in time", "now"),
  shorten("in the event that", "if"),
  shorten("for the purpose of", "for"),
  shorten("with regard to", "about"),
  shorten("with regards to", "about"),
  shorten("in order to", "to"),
  // Hesitations of people whose talk was written down. "Uh-huh" and "uh-uh" are answers and stay.
  drop(/(?<![\w'-])(?:[Uu]h+m?|[Uu]m+|[Ee]rm+)(?![\w'-])(?: ?,)? ?/g, "uh", "um", "erm"),
  // And where they began again. Only words that nobody says twice on purpose.
  { hints: [" "], phrase: /\b(the|to|a|an|and|of|we|it) \1\b/gi, instead: "$1" },
];

/** A line of English in fewer words. */
export function withoutFillers(line: string): string {
  const letters = line.toLowerCase();
  let shorter = line;
  for (const { hints, phrase, instead } of FILLERS) {
    if (hints.some((hint) => letters.includes(hint))) shorter = shorter.replace(phrase, instead);
  }
  return shorter;
}

const COMMON = /\b(?:the|of|and|to|that|it|for|you|with|are|this|have|from|what|which|how|would|your|there)\b/gi;
const LEAST_WORDS = 8;
/** In English prose every third word is one of them or so; in another language, in names or in code hardly one. */
const LEAST_COMMON_SHARE = 0.12;

/** Whether a text is English, as far as its beginning tells. Errs towards no. */
export function isEnglish(text: string): boolean {
  const beginning = text.slice(0, 4000);
  const words = beginning.match(/\p{L}+/gu)?.length ?? 0;
  const foreign = beginning.match(/[^\p{ASCII}\u2010-\u2026]/gu)?.length ?? 0;
  const common = beginning.match(COMMON)?.length ?? 0;
  return words >= LEAST_WORDS && foreign * 50 <= beginning.length && common >= words * LEAST_COMMON_SHARE;
}
