import type { BallastAnswer } from "./ask-ballast.ts";
import type { UsageReport } from "./budget-call.ts";

/** A report that will not be booked, unless the application restores it. */
export interface DroppedUsage {
  /** `queue_full`: the oldest made room. `rejected`: Ballast refuses it, see status and code. `closed`: tracked after `close()`. */
  readonly reason: "queue_full" | "rejected" | "closed";
  readonly report: UsageReport;
  readonly status?: number;
  readonly code?: string;
  readonly detail?: string;
}

export interface UsageQueueSettings {
  readonly send: (report: UsageReport) => Promise<BallastAnswer>;
  readonly most: number;
  /** 0 to 1, for the jitter. */
  readonly random: () => number;
  readonly onDelivered: (report: UsageReport, warning: boolean) => void;
  readonly onDropped: (dropped: DroppedUsage) => void;
}

interface Waiting {
  readonly report: UsageReport;
  readonly order: number;
  attempts: number;
}

const MOST_AT_ONCE = 8;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 30_000;
/** A longer Retry-After is cut to this; timers beyond 24.8 days would fire at once. */
const LONGEST_ORDERED_WAIT_MS = 3_600_000;

/**
 * Sends reports in the background until Ballast has each of them, and keeps at most `most` that wait. A report whose answer is lost
 * is sent again as it was, which Ballast counts once.
 */
export class UsageQueue {
  readonly #settings: UsageQueueSettings;
  /** Oldest first. */
  #waiting: Waiting[] = [];
  readonly #sending = new Set<Waiting>();
  #added = 0;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waitIsOrdered = false;
  #isClosed = false;
  #idle: (() => void)[] = [];
  #delivered = 0;
  #dropped = 0;

  constructor(settings: UsageQueueSettings) {
    this.#settings = settings;
  }

  add(report: UsageReport): void {
    if (this.#isClosed) {
      this.#drop({ reason: "closed", report });
      return;
    }
    this.#waiting.push({ report, order: this.#added++, attempts: 0 });
    this.#send();
    this.#makeRoom();
  }

  /** Not delivered for certain; what is under way now comes first. */
  pending(): UsageReport[] {
    return [...this.#sending, ...this.#waiting].map(({ report }) => report);
  }

  get counts() {
    return { pending: this.#sending.size + this.#waiting.length, delivered: this.#delivered, dropped: this.#dropped };
  }

  /** Tries now, unless Ballast asked to wait. @returns how many are left after at most `timeoutMs` */
  async flush(timeoutMs: number): Promise<number> {
    if (!this.#waitIsOrdered) this.#wake();
    if (this.counts.pending > 0) {
      let giveUp: ReturnType<typeof setTimeout> | undefined;
      await new Promise<void>((resolve) => {
        this.#idle.push(resolve);
        giveUp = setTimeout(resolve, timeoutMs);
      });
      clearTimeout(giveUp);
    }
    return this.counts.pending;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  /** While Ballast is away one report at a time asks whether it is back. */
  #send(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    const most = this.#failures > 0 ? 1 : MOST_AT_ONCE;
    while (this.#waiting.length > 0 && this.#sending.size < most) {
      // The least tried first: a report on which Ballast fails each time must not hold up the others.
      const untried = this.#waiting.find(({ attempts }) => attempts === 0);
      const next = untried ?? this.#waiting.reduce((least, each) => (each.attempts < least.attempts ? each : least));
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      this.#sending.add(next);
      void this.#attempt(next);
    }
  }

  async #attempt(waiting: Waiting): Promise<void> {
    waiting.attempts++;
    const answer = await this.#settings.send(waiting.report);
    this.#sending.delete(waiting);
    const { report } = waiting;
    if (answer.outcome === "accepted") {
      this.#failures = 0;
      this.#delivered++;
      this.#settings.onDelivered(report, answer.warning);
    } else if (answer.outcome === "rejected") {
      this.#failures = 0;
      const { status, code, detail } = answer;
      this.#drop({ reason: "rejected", report, status, code, detail });
    } else {
      this.#waiting = [waiting, ...this.#waiting].sort((a, b) => a.order - b.order);
      this.#makeRoom();
      this.#rest(answer.retryAfterMs);
    }
    this.#send();
    if (this.counts.pending === 0) for (const done of this.#idle.splice(0)) done();
  }

  /** Doubles from a quarter of a second to half a minute, of which half is chance; or as long as Ballast asks. */
  #rest(orderedMs: number | undefined): void {
    // Those that were under way together fail together, and that is one failure.
    if (this.#timer !== undefined || this.#isClosed) return;
    const grown = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(this.#failures++, 10));
    const jittered = grown * (0.5 + this.#settings.random() / 2);
    const waitMs = Math.max(jittered, Math.min(orderedMs ?? 0, LONGEST_ORDERED_WAIT_MS));
    this.#waitIsOrdered = orderedMs !== undefined;
    this.#timer = setTimeout(() => this.#wake(), waitMs);
    // In Node a process whose work is done may end, whatever waits here: close() says what is left.
    (this.#timer as { unref?: () => void }).unref?.();
  }

  #wake(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waitIsOrdered = false;
    this.#send();
  }

  #makeRoom(): void {
    while (this.#waiting.length > this.#settings.most) this.#drop({ reason: "queue_full", report: this.#waiting.shift()!.report });
  }

  #drop(dropped: DroppedUsage): void {
    this.#dropped++;
    this.#settings.onDropped(dropped);
  }
}
