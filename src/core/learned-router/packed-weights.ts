import { invariant } from "../invariant.ts";
import { FEATURE_PLACES, WORD_PLACES } from "./router-features.ts";

/**
 * Weights as text: one byte each for words, in steps of a 127th of the largest, and two for the few plain features, whose weights are
 * larger and matter more; in base64.
 */
export interface PackedWeights {
  readonly wordStep: number;
  readonly words: string;
  readonly plainStep: number;
  readonly plain: string;
}

export function packWeights(weights: ArrayLike<number>): PackedWeights {
  const all = Array.from(weights);
  const words = packed(all.slice(0, WORD_PLACES), 1);
  const plain = packed(all.slice(WORD_PLACES), 2);
  return { wordStep: words.step, words: words.text, plainStep: plain.step, plain: plain.text };
}

export function unpackWeights({ wordStep, words, plainStep, plain }: PackedWeights): Float64Array {
  const values = [...unpacked(words, 1).map((each) => each * wordStep), ...unpacked(plain, 2).map((each) => each * plainStep)];
  invariant(values.length === FEATURE_PLACES, "the router's weights are of another version than its features: train it again");
  return Float64Array.from(values);
}

function packed(values: readonly number[], bytes: 1 | 2): { step: number; text: string } {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-12);
  const step = largest / (2 ** (8 * bytes - 1) - 1);
  const view = new DataView(new ArrayBuffer(values.length * bytes));
  for (const [index, value] of values.entries()) {
    if (bytes === 1) view.setInt8(index, Math.round(value / step));
    else view.setInt16(2 * index, Math.round(value / step));
  }
  let text = "";
  for (let index = 0; index < view.byteLength; index++) text += String.fromCharCode(view.getUint8(index));
  return { step, text: btoa(text) };
}

function unpacked(text: string, bytes: 1 | 2): number[] {
  const raw = atob(text);
  const view = new DataView(new ArrayBuffer(raw.length));
  for (let index = 0; index < raw.length; index++) view.setUint8(index, raw.charCodeAt(index));
  return Array.from({ length: raw.length / bytes }, (_, index) => (bytes === 1 ? view.getInt8(index) : view.getInt16(2 * index)));
}
