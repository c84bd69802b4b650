import { add, compare, minus, ONE, over, type Rational, rational, times } from "./rational.ts";

/** A number that is known (all three the same), or known to lie between two. */
export interface Spread {
  readonly low: Rational;
  readonly likely: Rational;
  readonly high: Rational;
  /** Whether the likeliest value was named: draws then gather around it (triangular); otherwise all values are as likely. */
  readonly peaked: boolean;
}

export function fixed(value: Rational): Spread {
  return { low: value, likely: value, high: value, peaked: false };
}

export function isRange({ low, high }: Spread): boolean {
  return compare(low, high) !== 0;
}

/** A whole number from 0 up to and not including 2^32. A sequence of them decides all draws, so the same sequence gives the same figures. */
export type NextDraw = () => number;

const DRAWS = rational(1n << 32n);
/** Steps of the square root below: a drawn value is off by at most 10^-12 of its range. */
const ROOT_SCALE = 10n ** 12n;

/** One value of a range, by the inverse of its distribution. */
export function draw(spread: Spread, next: NextDraw): Rational {
  const { low, likely, high, peaked } = spread;
  if (!isRange(spread)) return low;
  const chance = over(rational(BigInt(next())), DRAWS);
  const width = minus(high, low);
  if (!peaked) return add(low, times(width, chance));
  const rise = minus(likely, low);
  if (compare(chance, over(rise, width)) < 0) return add(low, root(times(chance, times(width, rise))));
  return minus(high, root(times(minus(ONE, chance), times(width, minus(high, likely)))));
}

function root({ top, bottom }: Rational): Rational {
  return rational(wholeRoot((top * ROOT_SCALE * ROOT_SCALE) / bottom), ROOT_SCALE);
}

/** The largest whole number whose square is not above `value`, by Newton's steps. */
function wholeRoot(value: bigint): bigint {
  if (value < 2n) return value;
  let guess = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const better = (guess + value / guess) >> 1n;
    if (better >= guess) return guess;
    guess = better;
  }
}
