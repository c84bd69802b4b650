import type { SimAnswer } from "./sim-answer.ts";
import type { SimRefusal } from "./sim-refusal.ts";

/** An endpoint's words for one answer. All text is ASCII, so that its length is its bytes. */
export interface SimWire {
  whole(answer: SimAnswer): string;
  /** Events before the first token, */
  opening(answer: SimAnswer): string;
  /** those that say the visible tokens [from, to), as the index-th piece, */
  delta(answer: SimAnswer, from: number, to: number, index: number): string;
  /** and those after the last one. */
  closing(answer: SimAnswer, deltas: number): string;
  /** An error in the middle of a stream. */
  streamError(refusal: SimRefusal, answer: SimAnswer, deltas: number): string;
}
