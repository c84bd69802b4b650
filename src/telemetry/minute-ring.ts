import type { Instant } from "../core/time/window.ts";

const MINUTES = 60;
const MINUTE_MS = 60_000;

/** Calls per minute over the last hour, as this process saw them. */
export class MinuteRing {
  readonly #minutes = new Float64Array(MINUTES);
  readonly #calls = new Float64Array(MINUTES);

  add(at: Instant): void {
    const minute = Math.floor(at / MINUTE_MS);
    const place = minute % MINUTES;
    if (this.#minutes[place] !== minute) {
      this.#minutes[place] = minute;
      this.#calls[place] = 0;
    }
    this.#calls[place]!++;
  }

  /** Sixty minutes, oldest first; the last is the one under way. */
  last(at: Instant): { start: Instant; calls: number }[] {
    const now = Math.floor(at / MINUTE_MS);
    return Array.from({ length: MINUTES }, (_, index) => {
      const minute = now - MINUTES + 1 + index;
      const place = minute % MINUTES;
      return { start: minute * MINUTE_MS, calls: this.#minutes[place] === minute ? this.#calls[place]! : 0 };
    });
  }
}
