import { mulberry32 } from "./sim-random.ts";

/**
 * Tokens by the sim's one rule: a token is a run of characters above U+0020, so what lies between spaces, tabs and line ends.
 * Never more tokens than bytes, as with real tokenizers.
 */
export function countWords(text: string): number {
  let words = 0;
  let before = 1;
  for (let at = 0; at < text.length; at++) {
    const space = text.charCodeAt(at) <= 0x20 ? 1 : 0;
    words += before & (space ^ 1);
    before = space;
  }
  return words;
}

/** Where each word of a text ends, exclusive. */
export function wordEnds(text: string): number[] {
  const ends: number[] = [];
  for (let at = 1; at <= text.length; at++) {
    if (text.charCodeAt(at - 1) > 0x20 && (at === text.length || text.charCodeAt(at) <= 0x20)) ends.push(at);
  }
  return ends;
}

const COMMON =
  "the of and to in is it you that he was for on are with as his they be at one have this from or had by not but some what there we can " +
  "out all your when up use word how each she which do their time if will way then many them would like so these her long make thing see " +
  "him two has look more day could go come did my no most who over know than call first down side been now find new work part take get " +
  "place made live where after back only round man year came show every good me give our under cost plan bill team";

const CORPUS_WORDS = 8192;
const corpus = buildCorpus();

/**
 * Deterministic text that looks like English, some five bytes a word, ASCII, nothing that JSON would escape.
 * @param start which word of the endless text is word 0
 * @returns words [from, to), each but word 0 with the space before it, so that pieces add up to the whole
 */
export function englishWords(start: number, from: number, to: number): string {
  let text = "";
  let at = from;
  while (at < to) {
    const first = (start + at) % CORPUS_WORDS;
    const count = Math.min(to - at, CORPUS_WORDS - first);
    text += corpus.text.slice(corpus.starts[first]!, corpus.starts[first + count]!);
    at += count;
  }
  return from === 0 ? text.slice(1) : text;
}

function buildCorpus(): { text: string; starts: Uint32Array } {
  const words = COMMON.split(" ");
  const draw = mulberry32(2023);
  const starts = new Uint32Array(CORPUS_WORDS + 1);
  const parts: string[] = [];
  let length = 0;
  let left = 0;
  for (let at = 0; at < CORPUS_WORDS; at++) {
    let word = words[Math.floor(draw() * words.length)]!;
    if (left === 0) {
      left = 6 + Math.floor(draw() * 9);
      word = word[0]!.toUpperCase() + word.slice(1);
    }
    left--;
    if (left === 0) word += ".";
    parts.push(` ${word}`);
    starts[at] = length;
    length += word.length + 1;
  }
  starts[CORPUS_WORDS] = length;
  return { text: parts.join(""), starts };
}
