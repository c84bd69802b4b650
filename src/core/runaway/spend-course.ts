import { invariant } from "../invariant.ts";
import type { Nano } from "../money/usd.ts";
import type { Instant } from "../time/window.ts";

export interface RunawayRule {
  /** How many times the usual spending of a window is too much. */
  readonly factor: number;
  readonly windowMs: number;
  /** Spending of a window up to this is never too much. */
  readonly floorNano: Nano;
  /** Whether calls are stopped. Then what was spent meanwhile does not become usual. */
  readonly stops: boolean;
}

/** The spending of a window is looked at in so many parts, so that the last window slides. */
const SLOTS = 10;
/** How many windows with spending are remembered, and how many it takes to say what is usual: 4 hours and 1 hour of 5 minutes each. */
const MOST_HISTORY = 48;
export const LEAST_HISTORY = 12;

/** Somebody who spends too much: since when, and what was usual. */
export interface Runaway {
  readonly since: Instant;
  /** What was spent within the window when it was seen. */
  readonly spentNano: Nano;
  readonly usualNano: Nano;
  readonly limitNano: Nano;
}

/** What one caller has spent lately, in memory: its size has an end. */
export class SpendCourse {
  readonly #rule: RunawayRule;
  /** Rising; those of the last window and no others. */
  #slots: { readonly slot: number; nano: Nano }[] = [];
  /** Spending of the windows before this one in which there was any, the newest last. */
  #history: Nano[] = [];
  #window = { number: 0, nano: 0n, counts: true };
  #runaway: Runaway | undefined;
  #now: Instant = 0;

  constructor(rule: RunawayRule) {
    this.#rule = rule;
  }

  /** Adds what a call cost. @returns set when somebody runs away with it who did not before */
  spend(nano: Nano, at: Instant): Runaway | undefined {
    invariant(nano >= 0n, "a call cost less than nothing");
    const now = this.#advance(at);
    if (nano === 0n) return undefined;
    const slot = this.#slotOf(now);
    const newest = this.#slots.at(-1);
    if (newest?.slot === slot) newest.nano += nano;
    else this.#slots.push({ slot, nano });
    this.#window.nano += nano;
    if (this.#runaway) return undefined;
    this.#runaway = this.#judge(now);
    if (this.#runaway && this.#rule.stops) this.#window.counts = false;
    return this.#runaway;
  }

  /** Who is running away now, with what was spent in the last window, and when it will be over if nothing more is spent. */
  look(at: Instant): (Runaway & { readonly recentNano: Nano; readonly overAt: Instant }) | undefined {
    const now = this.#advance(at);
    return this.#runaway && { ...this.#runaway, recentNano: this.#recent(), overAt: this.#overAt(this.#runaway, now) };
  }

  /** Clocks may step back; spending does not move. */
  #advance(at: Instant): Instant {
    this.#now = Math.max(this.#now, at);
    const now = this.#now;
    const first = this.#slotOf(now) - SLOTS + 1;
    while (this.#slots.length > 0 && this.#slots[0]!.slot < first) this.#slots.shift();
    if (this.#runaway && this.#recent() * 2n <= this.#runaway.limitNano) this.#runaway = undefined;
    const number = Math.floor(now / this.#rule.windowMs);
    if (number === this.#window.number) return now;
    if (this.#window.nano > 0n && this.#window.counts) this.#history = [...this.#history, this.#window.nano].slice(-MOST_HISTORY);
    this.#window = { number, nano: 0n, counts: !(this.#runaway && this.#rule.stops) };
    return now;
  }

  #judge(now: Instant): Runaway | undefined {
    const spentNano = this.#recent();
    if (spentNano <= this.#rule.floorNano || this.#history.length < LEAST_HISTORY) return undefined;
    const usualNano = medianOf(this.#history);
    const limitNano = maxOf(usualNano * BigInt(this.#rule.factor), this.#rule.floorNano);
    return spentNano > limitNano ? { since: now, spentNano, usualNano, limitNano } : undefined;
  }

  #overAt({ limitNano }: Runaway, now: Instant): Instant {
    let rest = this.#recent();
    for (const { slot, nano } of this.#slots) {
      if (rest * 2n <= limitNano) break;
      rest -= nano;
      now = Math.ceil(((slot + SLOTS) * this.#rule.windowMs) / SLOTS);
    }
    return now;
  }

  #recent(): Nano {
    return this.#slots.reduce((sum, { nano }) => sum + nano, 0n);
  }

  #slotOf(at: Instant): number {
    return Math.floor((at * SLOTS) / this.#rule.windowMs);
  }
}

/** Of an even number the upper one: whoever is in doubt is let through. */
function medianOf(amounts: readonly Nano[]): Nano {
  return amounts.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))[Math.floor(amounts.length / 2)]!;
}

function maxOf(one: Nano, other: Nano): Nano {
  return one > other ? one : other;
}
