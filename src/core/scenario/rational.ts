import { invariant } from "../invariant.ts";
import { ATTO_PER_USD, formatDecimal, parseDecimal } from "../money/usd.ts";

/** An exact fraction. Shares, growth and money of a scenario are all of this, so that nothing is rounded before it is shown. */
export interface Rational {
  readonly top: bigint;
  /** Above zero. */
  readonly bottom: bigint;
}

export const ZERO: Rational = { top: 0n, bottom: 1n };
export const ONE: Rational = { top: 1n, bottom: 1n };

/** Fractions are reduced when they get long, not at every step: a common divisor costs more than a few digits. */
const LONG = 1n << 512n;

export function rational(top: bigint, bottom = 1n): Rational {
  invariant(bottom !== 0n, "a fraction over zero");
  const signed = bottom < 0n ? { top: -top, bottom: -bottom } : { top, bottom };
  return signed.bottom > LONG ? reduced(signed) : signed;
}

export function reduced({ top, bottom }: Rational): Rational {
  let [one, other] = [top < 0n ? -top : top, bottom];
  while (other !== 0n) [one, other] = [other, one % other];
  return one <= 1n ? { top, bottom } : { top: top / one, bottom: bottom / one };
}

export function add(one: Rational, other: Rational): Rational {
  if (one.bottom === other.bottom) return { top: one.top + other.top, bottom: one.bottom };
  return rational(one.top * other.bottom + other.top * one.bottom, one.bottom * other.bottom);
}

export function minus(one: Rational, other: Rational): Rational {
  return add(one, { top: -other.top, bottom: other.bottom });
}

export function times(one: Rational, other: Rational): Rational {
  return rational(one.top * other.top, one.bottom * other.bottom);
}

/** @throws InvariantError when `other` is zero */
export function over(one: Rational, other: Rational): Rational {
  return rational(one.top * other.bottom, one.bottom * other.top);
}

export function sumOf(parts: readonly Rational[]): Rational {
  return parts.reduce(add, ZERO);
}

/** Below zero when `one` is the smaller, zero when both are the same value. */
export function compare(one: Rational, other: Rational): number {
  const difference = one.top * other.bottom - other.top * one.bottom;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** "0.7", "1.2e6" or "70%", exactly. Undefined when the text is no such number, or has more than 12 decimal places. */
export function parseRational(text: string): Rational | undefined {
  const percent = text.endsWith("%");
  const digits = parseDecimal(percent ? text.slice(0, -1).trimEnd() : text, DIGITS);
  return digits === undefined ? undefined : reduced({ top: digits, bottom: 10n ** BigInt(DIGITS) * (percent ? 100n : 1n) });
}

const DIGITS = 12;

/**
 * As decimal text with at most `places` decimals, trailing zeros cut.
 * @param rounding "up" for money, so that no figure shows less than it will cost; "nearest" for shares and the like
 */
export function decimalText({ top, bottom }: Rational, places: number, rounding: "up" | "nearest"): string {
  const scaled = top * 10n ** BigInt(places);
  const digits = rounding === "up" ? -floorOf(-scaled, bottom) : floorOf(2n * scaled + bottom, 2n * bottom);
  return formatDecimal(digits, places);
}

/** To 18 decimals, up. Sums of thousands of fractions with bottoms of their own would take hours; of these they take none. */
export function toAtto({ top, bottom }: Rational): Rational {
  return { top: -floorOf(-top * ATTO_PER_USD, bottom), bottom: ATTO_PER_USD };
}

/** To a millionth, up: months of growth would otherwise have more and more decimals. */
export function toMillionths({ top, bottom }: Rational): Rational {
  return { top: -floorOf(-top * 1_000_000n, bottom), bottom: 1_000_000n };
}

/** The largest whole number that is not above top / bottom. */
export function floorOf(top: bigint, bottom: bigint): bigint {
  const whole = top / bottom;
  return top % bottom !== 0n && top < 0n ? whole - 1n : whole;
}
