/** A way of saying less with more words, and what stands for it. No entry holds a negation, a number or a name, and each makes the text shorter. */
type Filler = readonly [phrase: RegExp, instead: string];

/** Where a sentence, or a part of one, begins. */
const START = String.raw`(?<=^\s*|[.!?:;,]\s+|\b(?:and|then|also|but) )`;
const politely = (words: string) => new RegExp(`${START}${words}`, "gi");

/** English only: whoever calls makes sure of that. In this order, longer ones before what they hold. */
export const FILLER_PHRASES: readonly Filler[] = [
  [
    politely(
      String.raw`(?:(?:could|can|would|will) you (?:please |kindly )|i (?:would like|want|need) you to (?:please )?|i was wondering if you could )(?=\w)`,
    ),
    "",
  ],
  [politely("(?:please |kindly )?(?:note|be advised|be aware|keep in mind) that "), ""],
  [politely("it is (?:important|worth|interesting) (?:to note|noting|to mention|mentioning) that "), ""],
  // "to please him" and "as you please" are another word.
  [politely(String.raw`(?:please|kindly) (?=\w)(?!the\b|him\b|her\b|me\b|them\b|everyone\b|note\b)`), ""],
  [/(?<!\b(?:to|you|they|we|i|only|will|not)),? please(?=\s*[.!?](?:\s|$)|\s*$)/gi, ""],
  [
    /(?<=^\s*|[.!?]\s+)(?:thanks|thank you)(?: (?:so|very) much)?(?: in advance)?(?: for your (?:help|time|assistance|support))?[.!]*\s*$/gi,
    "",
  ],
  [/\bdue to the fact that\b/gi, "because"],
  [/\bin spite of the fact that\b/gi, "although"],
  [/\bat this point in time\b/gi, "now"],
  [/\bin the event that\b/gi, "if"],
  [/\bfor the purpose of\b/gi, "for"],
  [/\bwith regards? to\b/gi, "about"],
  [/\bin order to\b/gi, "to"],
  // Hesitations of people whose talk was written down. "Uh-huh" and "uh-uh" are answers and stay.
  [/(?<![\w'-])(?:[Uu]h+m?|[Uu]m+|[Ee]rm+)(?![\w'-])(?: ?,)? ?/g, ""],
];

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
