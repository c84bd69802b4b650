import { NATURAL_THRESHOLDS } from "./choose-size.ts";

/** Complexities that the threshold is taken from. */
const WINDOW = 200;
/** Before so many are known, the natural threshold stands. */
const LEAST_KNOWN = 20;
/**
 * How many calls the small model may be ahead of its share or behind it. Over any stretch of calls the share is then at most twice this
 * many calls off: 9 of 200 are 4.5 points.
 */
const MOST_DEBT = 4.5;

/**
 * Holds the share of the calls that go to the small model, by moving the threshold of complexity: the least complex calls of the last
 * 200 go. How many calls it is behind corrects the threshold, and past a bound decides alone; no call is decided by a die.
 */
export class ShareController {
  /** The last complexities as they came, and the same sorted. */
  readonly #recent: number[] = [];
  readonly #sorted: number[] = [];
  #next = 0;
  /** Calls that the small model is behind its share. */
  #debt = 0;
  /** The part of the newest calls that asked for the small model by themselves. */
  #askedSmall = 0;

  /** A call that asked for the small model: it counts towards the share. @param share 0 to 1 */
  count(share: number): void {
    this.#askedSmall += (1 - this.#askedSmall) / WINDOW;
    this.#book(share, true);
  }

  /** Whether this call is one of the share. */
  goesToSmall(complexity: number, share: number): boolean {
    this.#askedSmall -= this.#askedSmall / WINDOW;
    const isSmall = this.#decide(complexity, share);
    this.#remember(complexity);
    this.#book(share, isSmall);
    return isSmall;
  }

  #decide(complexity: number, share: number): boolean {
    if (share <= 0) return false;
    if (share >= 1) return true;
    // What this call would leave behind must stay within the bound, either way.
    if (this.#debt + share > MOST_DEBT) return true;
    if (this.#debt + share - 1 < -MOST_DEBT) return false;
    const threshold = this.#threshold(share);
    return complexity === threshold ? this.#debt + share >= 0.5 : complexity < threshold;
  }

  #threshold(share: number): number {
    const known = this.#sorted.length;
    if (known < LEAST_KNOWN) return NATURAL_THRESHOLDS.medium;
    const open = this.#askedSmall >= share ? 0 : (share - this.#askedSmall) / (1 - this.#askedSmall);
    const part = Math.min(1, Math.max(0, open + this.#debt / (4 * MOST_DEBT)));
    return this.#sorted[Math.min(known - 1, Math.floor(part * known))]!;
  }

  #book(share: number, isSmall: boolean): void {
    const debt = this.#debt + share - (isSmall ? 1 : 0);
    // Calls that asked for the small model may put it far ahead; that is no credit for dearer calls later on.
    this.#debt = Math.min(MOST_DEBT, Math.max(-MOST_DEBT, debt));
  }

  #remember(complexity: number): void {
    if (this.#recent.length < WINDOW) this.#recent.push(complexity);
    else {
      this.#sorted.splice(placeIn(this.#sorted, this.#recent[this.#next]!), 1);
      this.#recent[this.#next] = complexity;
      this.#next = (this.#next + 1) % WINDOW;
    }
    this.#sorted.splice(placeIn(this.#sorted, complexity), 0, complexity);
  }
}

/** Where a value stands in a sorted list, or would. */
function placeIn(sorted: readonly number[], value: number): number {
  let from = 0;
  let to = sorted.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (sorted[middle]! < value) from = middle + 1;
    else to = middle;
  }
  return from;
}

const MOST_CONTROLLERS = 10_000;

/** One controller for each use case and ladder; the oldest is forgotten when there are very many. */
export class ShareControllers {
  readonly #byKey = new Map<string, ShareController>();

  of(key: string): ShareController {
    const found = this.#byKey.get(key);
    if (found) return found;
    if (this.#byKey.size >= MOST_CONTROLLERS) this.#byKey.delete(this.#byKey.keys().next().value!);
    const made = new ShareController();
    this.#byKey.set(key, made);
    return made;
  }
}
