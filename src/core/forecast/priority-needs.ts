import type { Nano } from "../money/usd.ts";
import type { Instant } from "../time/window.ts";
import { forecastExhaustion } from "./exhaustion.ts";
import type { HourlySpend } from "./hourly-shape.ts";
import { type PacingFacts, PRIORITIES, type Priority } from "./pacing.ts";

/** What one whole hour cost in calls of one priority, and how many were let through and held back. */
export interface PriorityHour extends HourlySpend {
  readonly priority: Priority;
  readonly admitted: number;
  readonly paced: number;
}

/** No cap: only the projection is asked for. */
const BOUNDLESS: Nano = 10n ** 24n;

/**
 * What each priority will spend until the window ends if nothing is held back. Every priority is known for as long as any is.
 * @param hours whole ones before now, in any order
 * @returns undefined where too little is known to say
 */
export function priorityNeeds(hours: readonly PriorityHour[], now: Instant, windowEndsAt: Instant): PacingFacts | undefined {
  if (hours.length === 0) return undefined;
  const first = hours.reduce((least, { at }) => Math.min(least, at), Number.POSITIVE_INFINITY);
  const neededNano: Record<Priority, Nano> = { p0: 0n, p1: 0n, p2: 0n };
  for (const priority of PRIORITIES) {
    const wanted = new Map([[first, 0n]]);
    for (const { at, nano } of unpacedHours(hours.filter((hour) => hour.priority === priority))) {
      wanted.set(at, (wanted.get(at) ?? 0n) + nano);
    }
    const known = [...wanted].map(([at, nano]) => ({ at, nano })).sort((one, other) => one.at - other.at);
    const forecast = forecastExhaustion({ spentNano: 0n, capNano: BOUNDLESS, hours: known, now, windowEndsAt });
    if (forecast.outcome === "unknown") return undefined;
    neededNano[priority] = forecast.projectedNano;
  }
  return { observedAt: now, windowEndsAt, neededNano };
}

/**
 * What hours of one priority would have cost had no call been held back. Who is held back comes again and is counted again, so an hour
 * that was paced is never taken for dearer than the dearest one that was not, where there is one.
 */
export function unpacedHours(hours: readonly PriorityHour[]): HourlySpend[] {
  const free = hours.filter(({ paced }) => paced === 0);
  const dearest = free.reduce((most, { nano }) => (nano > most ? nano : most), 0n);
  const admitted = hours.reduce((sum, hour) => sum + BigInt(hour.admitted), 0n);
  const total = hours.reduce((sum, { nano }) => sum + nano, 0n);
  return hours.map(({ at, nano, admitted: passed, paced }) => {
    if (paced === 0) return { at, nano };
    // Of an hour without a call that was let through, the others say what one costs.
    const [cost, calls] = passed > 0 ? [nano, BigInt(passed)] : [total, admitted];
    if (calls === 0n) return { at, nano: dearest };
    const wanted = (cost * (BigInt(passed) + BigInt(paced))) / calls;
    const bounded = free.length > 0 && wanted > dearest ? dearest : wanted;
    return { at, nano: bounded > nano ? bounded : nano };
  });
}
