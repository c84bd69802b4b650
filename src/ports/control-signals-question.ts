import type { PriorityHour } from "../core/forecast/priority-needs.ts";

/** What the controls ask of the calls of their subjects. */
export interface ControlSignalsQuestion {
  readonly now: Date;
  readonly subjects: readonly {
    /** "use_case:ops_copilot" */
    readonly subject: string;
    /** Latency, errors and groundedness count only calls that arrived from here on: what was before says nothing of the newest change. */
    readonly guardedSince: Date;
  }[];
}

/** Of a subject that was called in the last day. Averages and percentiles are null over nothing. */
export interface ControlSignalsRow {
  readonly subject: string;
  /** Over five minutes: calls that were answered, or whose caller left before the first byte. */
  readonly timed: number;
  readonly latencyMsP50: number | null;
  readonly latencyMsP95: number | null;
  /** Over five minutes: calls that were answered, or failed through no fault of their caller. */
  readonly served: number;
  readonly failed: number;
  /** Over an hour. */
  readonly answered: number;
  readonly cached: number;
  readonly retrieved: number;
  readonly depthK: number | null;
  readonly reranked: number;
  readonly rerankCount: number | null;
  /** Answered calls with a known cost, and what one cost on average in USD; over an hour and a day. Measured for a signal, not for a bill. */
  readonly hourPriced: number;
  readonly hourUsd: number | null;
  readonly dayPriced: number;
  readonly dayUsd: number | null;
}

/** Of a subject with ratings of the last hour. */
export interface GroundednessRow {
  readonly subject: string;
  readonly samples: number;
  /** From 1, the worst, to 5. */
  readonly average: number;
}

export interface HourlySpendsQuestion {
  readonly subjects: readonly string[];
  readonly from: Date;
  readonly to: Date;
}

/** One hour of a subject and a priority. What was reported afterwards cannot be held back, and counts with p0. */
export interface SubjectHour extends PriorityHour {
  readonly subject: string;
}
