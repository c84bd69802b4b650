/**
 * A sequence of whole numbers from 0 up to 2^32 that a seed decides: the same on every machine, and nothing to keep secrets with.
 * Mulberry32 by Tommy Ettinger (2017, public domain): passes gjrand for 2^32 numbers, which is more than is ever drawn here.
 */
export function seededDraws(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}
