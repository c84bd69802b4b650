import { invariant } from "../invariant.ts";

/** Integer of 10⁻⁹ USD. What budgets decide with and the ledger books. Never a `number`. */
export type Nano = bigint;

/** Integer of 10⁻¹⁸ USD. What prices multiply to, exactly, before the one rounding to `Nano`. */
export type Atto = bigint;

export const NANO_PER_USD = 1_000_000_000n;
export const ATTO_PER_NANO = 1_000_000_000n;
export const ATTO_PER_USD = NANO_PER_USD * ATTO_PER_NANO;

export type Rounding = "up" | "down" | "exact";

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,4}))?$/;

/**
 * Reads decimal text ("0.075", "-3", "1.5e-7") as an integer of 10^-scale.
 * @param rounding what to do with digits beyond the scale; "exact" refuses them
 * @returns undefined when the text is no decimal number, or has more digits than "exact" allows
 */
export function parseDecimal(text: string, scale: number, rounding: Rounding = "exact"): bigint | undefined {
  const match = DECIMAL.exec(text);
  if (!match) return undefined;
  const [, sign, whole = "", fraction = "", exponentText = "0"] = match;
  const shift = scale - fraction.length + Number(exponentText);
  if (Math.abs(shift) > 2000) return undefined;
  const digits = BigInt(whole + fraction);
  let magnitude: bigint;
  if (shift >= 0) {
    magnitude = digits * 10n ** BigInt(shift);
  } else {
    const divisor = 10n ** BigInt(-shift);
    magnitude = digits / divisor;
    const rest = digits % divisor;
    if (rest !== 0n && rounding === "exact") return undefined;
    const awayFromZero = rounding === "up" ? sign !== "-" : sign === "-";
    if (rest !== 0n && awayFromZero) magnitude += 1n;
  }
  return sign === "-" ? -magnitude : magnitude;
}

/** Writes an integer of 10^-scale as plain decimal text, with at least `least` fraction digits. */
export function formatDecimal(value: bigint, scale: number, least = 0): string {
  const negative = value < 0n;
  const digits = (negative ? -value : value).toString().padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  let fraction = digits.slice(digits.length - scale);
  let end = fraction.length;
  while (end > least && fraction[end - 1] === "0") end--;
  fraction = fraction.slice(0, end);
  return `${negative ? "-" : ""}${whole}${fraction ? `.${fraction}` : ""}`;
}

/** "1.5" USD to nano-units. @throws InvariantError on anything but a decimal number; validate input from outside first */
export function usd(text: string, rounding: Rounding = "exact"): Nano {
  const nano = parseDecimal(text, 9, rounding);
  invariant(nano !== undefined, `not an amount of USD in nano-units: ${text}`);
  return nano;
}

/** Nano-units as decimal text of USD, trailing zeros cut: 1500000000n is "1.5". */
export function formatUsd(nano: Nano): string {
  return formatDecimal(nano, 9);
}

/** For people: two decimals, more when the amount is below a cent. Rounded to nearest, never for sums. */
export function formatUsdShort(nano: Nano): string {
  const magnitude = nano < 0n ? -nano : nano;
  const places = magnitude === 0n || magnitude >= NANO_PER_USD / 100n ? 2 : magnitude >= 10_000n ? 5 : 9;
  const unit = 10n ** BigInt(9 - places);
  const rounded = (magnitude + unit / 2n) / unit;
  return `${nano < 0n ? "-" : ""}$${formatDecimal(rounded, places, places)}`;
}

/** The one place where an exact cost becomes a booked one: up, so that we never charge less than we owe. */
export function bookedNano(cost: Atto): Nano {
  invariant(cost >= 0n, "a cost below zero");
  return (cost + ATTO_PER_NANO - 1n) / ATTO_PER_NANO;
}
