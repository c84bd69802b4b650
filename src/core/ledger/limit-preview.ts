import type { Nano } from "../money/usd.ts";
import { type Instant, type Period, windowAt } from "../time/window.ts";
import type { Budget } from "./budget.ts";
import { crossedThresholds } from "./crossed-thresholds.ts";

/** A call of the past, as its trace has it. */
export interface PastCall {
  readonly at: Instant;
  readonly tenant: string;
  /** The most it could cost: what would have had to be free. */
  readonly heldNano: Nano;
  /** What it is booked with; all of its hold where its cost is not known. */
  readonly costNano: Nano;
  /** Usage that an application reported afterwards cannot be refused. */
  readonly reported: boolean;
}

export interface TenantPreview {
  readonly tenant: string;
  readonly calls: number;
  readonly costNano: Nano;
  readonly refusedCalls: number;
  /** What the refused calls did cost. */
  readonly refusedNano: Nano;
  readonly firstRefusedAt: Instant | undefined;
}

export interface PreviewedCrossing {
  readonly percent: number;
  readonly at: Instant;
  readonly windowStart: Instant;
}

type Limit = Pick<Budget, "limitNano" | "window" | "zone" | "hard" | "thresholds">;
type Tally = { -readonly [Field in keyof TenantPreview]: TenantPreview[Field] };

/**
 * What a limit would have done to calls of the past. They are taken in order of time, one after the other: what calls held beside each
 * other is not known any more, so a limit that is reached by calls at once refuses a few more than this says.
 */
export class LimitPreview {
  readonly #limit: Limit;
  readonly #tenants = new Map<string, Tally>();
  readonly #crossings: PreviewedCrossing[] = [];
  #window: Period = { start: 0, end: 0 };
  #spentNano = 0n;

  constructor(limit: Limit) {
    this.#limit = limit;
  }

  /** @param call not before the one taken last */
  take(call: PastCall): void {
    const { limitNano, window, zone, hard, thresholds } = this.#limit;
    if (call.at >= this.#window.end) {
      this.#window = windowAt(window, zone, call.at);
      this.#spentNano = 0n;
    }
    const tally = this.#tally(call.tenant);
    tally.calls += 1;
    tally.costNano += call.costNano;
    if (hard && !call.reported && this.#spentNano + call.heldNano > limitNano) {
      tally.refusedCalls += 1;
      tally.refusedNano += call.costNano;
      tally.firstRefusedAt ??= call.at;
      return;
    }
    const before = this.#spentNano;
    this.#spentNano += call.costNano;
    for (const percent of crossedThresholds({ before, after: this.#spentNano, limit: limitNano, thresholds })) {
      this.#crossings.push({ percent, at: call.at, windowStart: this.#window.start });
    }
  }

  /** Those that it hits hardest first. */
  tenants(): TenantPreview[] {
    return [...this.#tenants.values()].sort((a, b) => compare(b.refusedNano, a.refusedNano) || compare(b.costNano, a.costNano));
  }

  /** In order of time. */
  crossings(): readonly PreviewedCrossing[] {
    return this.#crossings;
  }

  #tally(tenant: string): Tally {
    let tally = this.#tenants.get(tenant);
    if (!tally) {
      tally = { tenant, calls: 0, costNano: 0n, refusedCalls: 0, refusedNano: 0n, firstRefusedAt: undefined };
      this.#tenants.set(tenant, tally);
    }
    return tally;
  }
}

function compare(a: Nano, b: Nano): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
