/** How a value of each request is drawn: the same for all, or from a distribution. A bare number is a fixed value. */
export type Distribution =
  | number
  | { readonly kind: "fixed"; readonly value: number }
  | { readonly kind: "uniform"; readonly min: number; readonly max: number }
  | { readonly kind: "exponential"; readonly mean: number; readonly max?: number }
  | { readonly kind: "lognormal"; readonly median: number; readonly p95: number; readonly max?: number };

/** The 95th percentile of the standard normal distribution. */
const NORMAL_P95 = 1.6448536269514722;

/** Uniform numbers in [0, 1), the same ones for the same seed (mulberry32, Tommy Ettinger 2017, public domain). */
export function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The n-th request has numbers of its own, so that what one request draws never moves what the next one gets. */
export function requestDraws(seed: number, requestNumber: number): () => number {
  return mulberry32((seed | 0) ^ Math.imul(requestNumber, 0x9e3779b1));
}

export function drawFrom(distribution: Distribution, draw: () => number): number {
  if (typeof distribution === "number") return distribution;
  switch (distribution.kind) {
    case "fixed":
      return distribution.value;
    case "uniform":
      return distribution.min + draw() * (distribution.max - distribution.min);
    case "exponential":
      return Math.min(distribution.max ?? Infinity, -distribution.mean * Math.log(1 - draw()));
    case "lognormal": {
      const sigma = Math.log(distribution.p95 / distribution.median) / NORMAL_P95;
      return Math.min(distribution.max ?? Infinity, distribution.median * Math.exp(sigma * standardNormal(draw)));
    }
    default:
      return distribution satisfies never;
  }
}

function standardNormal(draw: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
}
