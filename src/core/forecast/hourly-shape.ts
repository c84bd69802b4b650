import type { Nano } from "../money/usd.ts";
import type { Instant } from "../time/window.ts";

export const HOUR_MS = 3_600_000;
/** An hour as dear as the average one. */
export const EVEN = 1_000_000n;

/** What one whole hour cost. */
export interface HourlySpend {
  /** On the hour, UTC. */
  readonly at: Instant;
  readonly nano: Nano;
}

/** How dear each hour is against the average one, in millionths, by its place in the day or the week. */
export interface HourlyShape {
  readonly basis: "flat" | "day" | "week";
  readonly weights: readonly bigint[];
}

const FLAT: HourlyShape = { basis: "flat", weights: [EVEN] };
const DAY = 24;
const WEEK = 7 * DAY;
/** Of each place in the shape there must be two hours to compare: one day's dent is no habit. */
const LEAST_TURNS = 2;

/** The shape of the longest turn that the history holds twice; flat where it holds none, or nothing was spent. @param hours without gaps */
export function hourlyShape(hours: readonly HourlySpend[]): HourlyShape {
  const total = sumOf(hours);
  if (total === 0n || hours.length < DAY * LEAST_TURNS) return FLAT;
  const length = hours.length >= WEEK * LEAST_TURNS ? WEEK : DAY;
  // Whole turns only: half a day more would weigh the hours that it holds twice.
  const whole = hours.slice(hours.length % length);
  const wholeTotal = sumOf(whole);
  if (wholeTotal === 0n) return FLAT;
  const sums = Array.from({ length }, () => 0n);
  for (const { at, nano } of whole) sums[placeOf(at, length)]! += nano;
  return { basis: length === WEEK ? "week" : "day", weights: sums.map((sum) => (sum * BigInt(length) * EVEN) / wholeTotal) };
}

export function weightAt({ weights }: HourlyShape, at: Instant): bigint {
  return weights[placeOf(at, weights.length)]!;
}

export function sumOf(hours: readonly HourlySpend[]): Nano {
  return hours.reduce((sum, { nano }) => sum + nano, 0n);
}

function placeOf(at: Instant, length: number): number {
  return Math.floor(at / HOUR_MS) % length;
}
