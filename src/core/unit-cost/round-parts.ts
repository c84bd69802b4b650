import { type Rational, rational } from "../scenario/rational.ts";

/**
 * Rounds a sum to whole units, and its parts so that they still add up to it: each is cut towards zero, and the units left over go to
 * the parts of which most was cut off, the first of them when several are alike. Parts with their signs turned come out with their signs
 * turned.
 * @param parts of a sum, in units
 * @param given what they are to add up to, where that was rounded before; less than a unit per part from their sum
 */
export function roundParts(parts: readonly Rational[], given?: bigint): { readonly sum: bigint; readonly parts: bigint[] } {
  const common = parts.reduce((product, { bottom }) => lcm(product, bottom), 1n);
  const tops = parts.map(({ top, bottom }) => top * (common / bottom));
  const whole = tops.reduce((all, top) => all + top, 0n);
  const sum = given ?? nearest(whole, common);
  const rounded = tops.map((top) => top / common);
  const left = sum - rounded.reduce((all, part) => all + part, 0n);
  const sign = left < 0n ? -1n : 1n;
  const order = tops
    .map((top, index) => ({ index, cut: (top % common) * sign }))
    .sort((a, b) => (a.cut === b.cut ? a.index - b.index : a.cut > b.cut ? -1 : 1));
  for (let unit = 0n; unit < left * sign; unit++) rounded[order[Number(unit)]!.index]! += sign;
  return { sum, parts: rounded };
}

/** A fraction in whole units of 10^-places; halves away from zero, so that a value and its opposite are rounded alike. */
export function roundTo({ top, bottom }: Rational, places: number): bigint {
  return nearest(top * 10n ** BigInt(places), bottom);
}

function nearest(top: bigint, bottom: bigint): bigint {
  const magnitude = top < 0n ? -top : top;
  const rounded = (2n * magnitude + bottom) / (2n * bottom);
  return top < 0n ? -rounded : rounded;
}

function lcm(one: bigint, other: bigint): bigint {
  let [a, b] = [one, other];
  while (b !== 0n) [a, b] = [b, a % b];
  return (one / a) * other;
}

/** A fraction in units of 10^-places. */
export function inUnits(value: Rational, places: number): Rational {
  return rational(value.top * 10n ** BigInt(places), value.bottom);
}
