import type { Nano } from "../money/usd.ts";
import type { Instant } from "../time/window.ts";

export const PRIORITIES = ["p0", "p1", "p2"] as const;
export type Priority = (typeof PRIORITIES)[number];

/**
 * What each priority is forecast to spend until the window ends if nothing is held back: of hours that were paced, what was spent over the share
 * that was let through, or pacing would make itself look unneeded.
 */
export interface PacingFacts {
  readonly observedAt: Instant;
  readonly windowEndsAt: Instant;
  readonly neededNano: Readonly<Record<Priority, Nano>>;
}

export interface PriorityPace {
  /** Of the calls, in whole percent; rounded down, so that the sum of what is admitted fits. */
  readonly percent: number;
  /** What it may spend an hour. */
  readonly hourlyNano: Nano;
}

const HOUR_MS = 3_600_000n;

/** How much of each priority fits into what is left of the cap: p0 always whole, then p1, then p2. */
export function paceOfPriorities(
  { neededNano, windowEndsAt }: PacingFacts,
  spending: { readonly spentNano: Nano; readonly capNano: Nano },
  now: Instant,
): Record<Priority, PriorityPace> {
  const left = spending.capNano - spending.spentNano;
  const ms = BigInt(Math.max(1, windowEndsAt - now));
  const hourly = (nano: Nano) => (nano * HOUR_MS) / ms;
  const paced = (needed: Nano, room: Nano): PriorityPace => {
    if (room < 0n) return { percent: 0, hourlyNano: 0n };
    const may = needed < room ? needed : room;
    return { percent: needed === 0n ? 100 : Number((may * 100n) / needed), hourlyNano: hourly(may) };
  };
  return {
    p0: { percent: 100, hourlyNano: hourly(neededNano.p0) },
    p1: paced(neededNano.p1, left - neededNano.p0),
    p2: paced(neededNano.p2, left - neededNano.p0 - neededNano.p1),
  };
}

/** Pacing moves in quarters, and loosens only where there is so much room beyond, or it would follow every cent. */
const QUARTER = 25;
const ROOM_TO_LOOSEN = 10;

/** The share that a priority's lever is to stand at, from what fits. @param current where it stands */
export function pacedShare(percent: number, current: number): number {
  const quarter = Math.floor(percent / QUARTER) * QUARTER;
  if (quarter <= current) return quarter;
  const loosened = Math.floor(Math.min(100, percent === 100 ? 100 : percent - ROOM_TO_LOOSEN) / QUARTER) * QUARTER;
  return Math.max(loosened, current);
}
