import type { Signal } from "../levers/signal.ts";
import { SIGNALS } from "../levers/signal-list.ts";
import type { Nano } from "../money/usd.ts";
import type { Instant } from "../time/window.ts";
import { EVEN, HOUR_MS, type HourlyShape, type HourlySpend, hourlyShape, sumOf, weightAt } from "./hourly-shape.ts";

export interface ExhaustionInput {
  /** Of the cap's window, until now. */
  readonly spentNano: Nano;
  readonly capNano: Nano;
  /** Whole hours before now, oldest first; an hour without one of them was an hour without spending. At most four weeks of use. */
  readonly hours: readonly HourlySpend[];
  readonly now: Instant;
  readonly windowEndsAt: Instant;
}

export type ExhaustionForecast =
  | { readonly outcome: "unknown"; readonly detail: string }
  | {
      readonly outcome: "forecast";
      /** What an average hour costs now. */
      readonly hourlyNano: Nano;
      readonly basis: HourlyShape["basis"];
      /** What will be spent when the window ends, if nothing is done. */
      readonly projectedNano: Nano;
      /** When the cap is spent, also past the end of the window; undefined when not within a year. */
      readonly exhaustedAt: Instant | undefined;
    };

/** What a signal says of a cap that lasts a year or longer. */
export const LONGEST_HOURS = 8784;
const LEAST_HOURS = 3;
const RECENT_HOURS = 6;
const DAY_HOURS = 24;

/**
 * When the cap will be spent. The level is the larger of the last day's mean and the median of the last six hours, each against what such
 * hours usually cost: one dear hour does not raise it much, a rise that lasts does within hours, and a quiet night does not lower it.
 */
export function forecastExhaustion({ spentNano, capNano, hours, now, windowEndsAt }: ExhaustionInput): ExhaustionForecast {
  const known = withoutGaps(hours, now);
  if (known.length < LEAST_HOURS) {
    return { outcome: "unknown", detail: `${known.length} whole hours of spending are known, fewer than ${LEAST_HOURS}` };
  }
  const shape = hourlyShape(known);
  const hourlyNano = levelOf(known, shape);
  let nano = spentNano;
  let exhaustedAt = spentNano >= capNano ? now : undefined;
  for (let at = now; at < windowEndsAt && hourlyNano > 0n; ) {
    const end = Math.min(windowEndsAt, (Math.floor(at / HOUR_MS) + 1) * HOUR_MS);
    const more = (hourlyNano * weightAt(shape, at) * BigInt(end - at)) / (EVEN * BigInt(HOUR_MS));
    if (nano < capNano && nano + more >= capNano) exhaustedAt = at + Number((BigInt(end - at) * (capNano - nano) + more - 1n) / more);
    nano += more;
    at = end;
  }
  const projectedNano = nano;
  // Past the window only the order of magnitude counts.
  if (exhaustedAt === undefined && hourlyNano > 0n) {
    const from = Math.max(now, windowEndsAt);
    const hours = Number((capNano - nano) / hourlyNano);
    if (hours < LONGEST_HOURS) exhaustedAt = from + hours * HOUR_MS;
  }
  return { outcome: "forecast", hourlyNano, basis: shape.basis, projectedNano, exhaustedAt };
}

/** The forecast as the signal `exhaustion`; undefined where nothing is known, so that nothing is done. */
export function exhaustionSignal(forecast: ExhaustionForecast, now: Instant): Signal | undefined {
  if (forecast.outcome === "unknown") return undefined;
  const { exhaustedAt } = forecast;
  const value = exhaustedAt === undefined ? LONGEST_HOURS : Math.min(LONGEST_HOURS, (exhaustedAt - now) / HOUR_MS);
  return { name: "exhaustion", value, windowMs: SIGNALS.exhaustion.windowMs, samples: 1, observedAt: now };
}

/** Every whole hour from the first that is known until now. */
function withoutGaps(hours: readonly HourlySpend[], now: Instant): HourlySpend[] {
  const end = Math.floor(now / HOUR_MS) * HOUR_MS;
  const byHour = new Map(hours.filter(({ at }) => at < end).map(({ at, nano }) => [at, nano]));
  const first = Math.min(...byHour.keys());
  if (!Number.isFinite(first)) return [];
  return Array.from({ length: Math.round((end - first) / HOUR_MS) }, (_, index) => {
    const at = first + index * HOUR_MS;
    return { at, nano: byHour.get(at) ?? 0n };
  });
}

/** What an average hour costs now, the habit of the hours taken out. */
function levelOf(hours: readonly HourlySpend[], shape: HourlyShape): Nano {
  const day = hours.slice(-DAY_HOURS);
  const weight = day.reduce((sum, { at }) => sum + weightAt(shape, at), 0n);
  const mean = weight === 0n ? sumOf(day) / BigInt(day.length) : (sumOf(day) * EVEN) / weight;
  // An hour that is usually almost free says nothing of the level.
  const recent = hours.slice(-RECENT_HOURS).filter(({ at }) => weightAt(shape, at) * 10n >= EVEN);
  const levels = recent.map(({ at, nano }) => (nano * EVEN) / weightAt(shape, at)).sort((one, other) => (one < other ? -1 : 1));
  if (levels.length < LEAST_HOURS) return mean;
  // The lower middle of an even number, so that half of the hours must have been as dear.
  const median = levels[Math.floor((levels.length - 1) / 2)]!;
  return median > mean ? median : mean;
}
