import { HOUR_MS } from "../core/forecast/hourly-shape.ts";
import type { Instant } from "../core/time/window.ts";
import type { SubjectHour } from "../ports/control-signals-question.ts";
import type { Warehouse } from "../ports/warehouse.ts";

/** Whole hours before now, and as of when they are known. */
export interface KnownHours {
  readonly hours: ReadonlyMap<string, readonly SubjectHour[]>;
  readonly readAt: Instant;
}

/** Twice the longest shape, and as much again. */
const HISTORY_MS = 28 * 24 * HOUR_MS;
/** Calls that ended late, and those that waited to be carried over. */
const ANEW_MS = 3 * HOUR_MS;
const EVERY_MS = 60_000;
const ALL_ANEW_MS = 24 * HOUR_MS;

/** What subjects spent hour by hour: asked for at most once a minute, and of all but the newest hours once a day, since they stay as they are. */
export class SpendingHistory {
  #rows: readonly SubjectHour[] = [];
  #known: KnownHours | undefined;
  #wholeAt: Instant | undefined;

  /** @throws Problem warehouse_unavailable */
  async read(warehouse: Pick<Warehouse, "hourlySpends">, subjects: readonly string[], now: Instant): Promise<KnownHours> {
    if (this.#known !== undefined && now >= this.#known.readAt && now - this.#known.readAt < EVERY_MS) return this.#known;
    const to = Math.floor(now / HOUR_MS) * HOUR_MS;
    const isWhole = this.#wholeAt === undefined || now - this.#wholeAt >= ALL_ANEW_MS;
    const from = to - (isWhole ? HISTORY_MS : ANEW_MS);
    const rows = await warehouse.hourlySpends({ subjects, from: new Date(from), to: new Date(to) });
    this.#rows = [...this.#rows.filter(({ at }) => at < from && at >= to - HISTORY_MS), ...rows];
    if (isWhole) this.#wholeAt = now;
    this.#known = { hours: Map.groupBy(this.#rows, ({ subject }) => subject), readAt: now };
    return this.#known;
  }
}
