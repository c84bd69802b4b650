import { nearestWord } from "../std/nearest-word.ts";

/** ", did you mean `x`?", or "" when no known word is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const nearest = nearestWord(word, known);
  return nearest === undefined ? "" : `, did you mean \`${nearest}\`?`;
}
