/** Places for words; a word's place is its hash. After them come the plain features: of any text, then the same again by its form. */
export const WORD_PLACES = 2 ** 14;
const PLAIN_PLACES = 16;
export const FEATURE_PLACES = WORD_PLACES + 3 * PLAIN_PLACES;

/** Plain features are few beside words, and are learned faster by counting for more. */
const PLAIN_WEIGHT = 3;

/** Of a longer text the beginning and the end are read, so that a call costs the same time whatever its size. */
const MOST_CHARACTERS = 8192;

/** What a text is to the router: places and how much each counts. */
export interface RouterFeatures {
  readonly places: readonly number[];
  readonly amounts: readonly number[];
}

/** Which words a text has, how long it is, and how much of it is numbers, signs and choices. */
export function routerFeatures(whole: string): RouterFeatures {
  const text = whole.length <= MOST_CHARACTERS ? whole : `${whole.slice(0, MOST_CHARACTERS / 2)}\n${whole.slice(-MOST_CHARACTERS / 2)}`;
  const words = text.toLowerCase().match(/\p{L}+|\d+|[^\s\p{L}\d]/gu) ?? [];
  const wordPlaces = new Map<number, number>();
  // Every number is the same word: which one it is says nothing about how hard a question is.
  for (const word of new Set(words.map((each) => (/^\d/.test(each) ? "0" : each)))) {
    const place = hashOf(word) % WORD_PLACES;
    wordPlaces.set(place, (wordPlaces.get(place) ?? 0) + 1);
  }
  const places = [...wordPlaces.keys()];
  const length = Math.hypot(...wordPlaces.values()) || 1;
  const amounts = Array.from(wordPlaces.values(), (count) => count / length);
  // The same length says one thing of a question with choices and another of an open one.
  const form = WORD_PLACES + (hasChoices(text) ? 1 : 2) * PLAIN_PLACES;
  for (const [index, value] of plainFeatures(text, words.length).entries()) {
    places.push(WORD_PLACES + index, form + index);
    amounts.push(value * PLAIN_WEIGHT, value * PLAIN_WEIGHT);
  }
  return { places, amounts };
}

const CHOICE = /\n[aA][.)] [^\n]*\n[bB][.)] /;

function hasChoices(text: string): boolean {
  return CHOICE.test(text);
}

/** Each about 0 to 1. */
function plainFeatures(text: string, words: number): number[] {
  const count = (pattern: RegExp) => text.match(pattern)?.length ?? 0;
  const digits = count(/\d/g);
  const characters = Math.max(1, text.length);
  return [
    1,
    Math.log1p(text.length) / 8,
    Math.log1p(words) / 6,
    Math.log1p(digits) / 4,
    Math.log1p(count(/\d+(?:\.\d+)?/g)) / 3,
    digits / characters,
    Math.log1p(count(/[.!?](?:\s|$)/g)) / 3,
    Math.min(1, count(/[=+*^\\/<>]/g) / 10),
    Math.min(1, count(/[{};]|=>|\b(?:def|function|class|return|import|select)\b/g) / 10),
    Math.min(1, count(/\b(?:not|except|never|least|false|incorrect)\b/gi) / 2),
    /[%$€]/.test(text) ? 1 : 0,
    text.includes("\n") ? 1 : 0,
    count(/\p{Lu}/gu) / characters,
    hasChoices(text) ? 1 : 0,
  ];
}

/** FNV-1a with the last mixing steps of MurmurHash3, both in the public domain: 32 bits, the same on every machine. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
