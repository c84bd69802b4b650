import type { Signals } from "../levers/signal.ts";
import { SIGNALS, type SignalName } from "../levers/signal-list.ts";
import type { Nano } from "../money/usd.ts";
import type { Instant } from "../time/window.ts";

/** How a call ended. */
export interface CallOutcome {
  readonly at: Instant;
  /** Undefined where it was not timed. */
  readonly latencyMs: number | undefined;
  readonly isError: boolean;
  readonly isCached: boolean;
  /** A lever turned it away: it reached no model, costs nothing and counts in no signal. */
  readonly isRefused: boolean;
  readonly costNano: Nano;
  /** Of a rated answer, 1 to 5. */
  readonly grounded?: number | undefined;
}

interface Counted {
  readonly at: Instant;
  readonly latencyMs: number | undefined;
  /** Of all calls up to this one. */
  readonly errors: number;
  readonly cached: number;
  readonly costNano: Nano;
  readonly ratings: number;
  readonly ratedSum: number;
}

/** When a lever was turned last. */
export interface NewestChange {
  /** Before it. */
  readonly calls: number;
  readonly at: Instant | undefined;
}

export const NO_CHANGE: NewestChange = { calls: 0, at: undefined };

const NONE: Counted = { at: 0, latencyMs: undefined, errors: 0, cached: 0, costNano: 0n, ratings: 0, ratedSum: 0 };

/** The calls of one subject as they end, and the signals that they give. */
export class CallWindow {
  readonly #calls: Counted[] = [];

  get count(): number {
    return this.#calls.length;
  }

  /** In order of time. */
  add({ at, latencyMs, isError, isCached, isRefused, costNano, grounded }: CallOutcome): void {
    if (isRefused) return;
    const last = this.#calls.at(-1) ?? NONE;
    this.#calls.push({
      ...{ at, latencyMs: isError ? undefined : latencyMs, errors: last.errors + Number(isError), cached: last.cached + Number(isCached) },
      costNano: last.costNano + costNano,
      ratings: last.ratings + Number(grounded !== undefined),
      ratedSum: last.ratedSum + (grounded ?? 0),
    });
  }

  /**
   * What was measured by now, as the server measures it: failures are not timed, and latency, failures and ratings count from the newest change
   * of a lever on, since calls before it say nothing of it.
   * @param change how many calls there were then, and when that was
   */
  measure(now: Instant, change: NewestChange = NO_CHANGE): Signals {
    const { calls: since, at } = change;
    const signal = (name: SignalName, value: number | undefined, samples: number, more: { since?: Instant } = {}) =>
      value === undefined || samples === 0
        ? []
        : [[name, { name, value, samples, observedAt: now, windowMs: SIGNALS[name].windowMs, ...more }] as const];
    const counted = at === undefined ? {} : { since: at };
    const service = this.#span(SIGNALS.p95_latency_ms.windowMs, now, since);
    const rated = this.#span(SIGNALS.grounded.windowMs, now, since);
    const hour = this.#span(SIGNALS.ucr_1h.windowMs, now, 0);
    const day = this.#span(SIGNALS.ucr_24h.windowMs, now, 0);
    const times = this.#calls.slice(service.from, service.to).flatMap(({ latencyMs }) => (latencyMs === undefined ? [] : [latencyMs]));
    const sorted = Float64Array.from(times).sort();
    return Object.fromEntries([
      ...signal("p50_latency_ms", quantile(sorted, 50), sorted.length, counted),
      ...signal("p95_latency_ms", quantile(sorted, 95), sorted.length, counted),
      ...signal("error_rate", service.errors / service.count, service.count, counted),
      ...signal("cache_hit_rate", hour.cached / hour.count, hour.count),
      ...signal("ucr_1h", unitCost(hour), hour.count),
      ...signal("ucr_24h", unitCost(day), day.count),
      ...signal("grounded", rated.ratedSum / rated.ratings, rated.ratings, counted),
    ]);
  }

  #span(windowMs: number, now: Instant, since: number) {
    const from = Math.max(since, this.#firstAfter(now - windowMs));
    const [before, last] = [this.#calls[from - 1] ?? NONE, this.#calls.at(-1) ?? NONE];
    const count = this.#calls.length - from;
    const empty = count <= 0;
    return {
      ...{ from, to: this.#calls.length, count: empty ? 0 : count },
      errors: empty ? 0 : last.errors - before.errors,
      cached: empty ? 0 : last.cached - before.cached,
      costNano: empty ? 0n : last.costNano - before.costNano,
      ratings: empty ? 0 : last.ratings - before.ratings,
      ratedSum: empty ? 0 : last.ratedSum - before.ratedSum,
    };
  }

  #firstAfter(at: Instant): number {
    let [low, high] = [0, this.#calls.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#calls[middle]!.at > at) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** Between the two nearest ranks, the least and the most included, as ClickHouse's quantileExactInclusive. */
function quantile(sorted: Float64Array, percent: number): number | undefined {
  if (sorted.length === 0) return undefined;
  const rank = ((sorted.length - 1) * percent) / 100;
  const low = Math.floor(rank);
  const below = sorted[low]!;
  return low + 1 < sorted.length ? below + (rank - low) * (sorted[low + 1]! - below) : below;
}

/** In USD: a signal is a measurement, and no amount that is booked. */
function unitCost({ costNano, count }: { readonly costNano: Nano; readonly count: number }): number | undefined {
  return count === 0 ? undefined : Number(costNano) / count / 1e9;
}
