import type { Instant } from "../time/window.ts";

/**
 * running: started, and spent on lately. ended: somebody said so. abandoned: started, not ended, and not spent on for too long.
 * orphan: usage names it, but nobody started it and no call names it. open: calls name it, and nobody says when it begins or ends.
 */
export const RUN_STATES = ["running", "ended", "abandoned", "orphan", "open"] as const;
export type RunState = (typeof RUN_STATES)[number];

export interface RunTimes {
  readonly calls: number;
  readonly lastSpentAt: Instant | null;
  readonly startedAt: Instant | null;
  readonly endedAt: Instant | null;
}

/** @param abandonedAfterMs since its last spending, or its start where nothing was spent */
export function runState({ calls, lastSpentAt, startedAt, endedAt }: RunTimes, now: Instant, abandonedAfterMs: number): RunState {
  // A run that is started again after its end is running again.
  const hasEnded = endedAt !== null && (startedAt === null || endedAt >= startedAt);
  if (hasEnded) return "ended";
  if (startedAt === null) return calls > 0 ? "open" : "orphan";
  return now - Math.max(startedAt, lastSpentAt ?? startedAt) > abandonedAfterMs ? "abandoned" : "running";
}
